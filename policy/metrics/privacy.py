"""What a data set gives away about people, and a model about the rows that it learnt from."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

METRICS: Mapping[str, Metric] = {
    "k_anonymity": Metric(
        "k-anonymity",
        "The fewest people who share everything that others may know about them; 1 means that somebody stands alone.",
        headline=True,
        whole=True,
    ),
    "unique_share": Metric(
        "Unique rows",
        "The share of people whom nobody else equals in what others may know about them.",
        better="lower",
        headline=True,
    ),
    "membership_auc": Metric(
        "Membership attack",
        "How well an attacker tells the rows that the model learnt from: 0.5 is chance, 1 tells them all.",
        better="lower",
        headline=True,
    ),
    "disclosed_share": Metric(
        "Disclosed values",
        "The share of people whose confidential value follows from what others may know about them.",
        better="lower",
        headline=True,
    ),
    "l_diversity": Metric(
        "l-diversity",
        "The fewest different confidential values among people who look alike from outside.",
        whole=True,
    ),
    "t_closeness": Metric(
        "t-closeness",
        "How far the confidential values of people who look alike are from everybody's, at worst.",
        better="lower",
    ),
    "small_cell_share": Metric(
        "Rows in small cells",
        "The share of people who look like fewer than four others.",
        better="lower",
    ),
    "membership_advantage": Metric(
        "Membership advantage",
        "How much more often an attacker is right about rows that the model learnt from than wrong about others.",
        better="lower",
    ),
    "membership_caught_at_1": Metric(
        "Members caught at 1% false alarms",
        "The share of the model's training rows that an attacker tells while wrong about 1% of the others.",
        better="lower",
    ),
}
