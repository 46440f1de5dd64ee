"""What a scan of the artifact's files found."""

from collections.abc import Mapping

from policy.metrics.metric import Metric

METRICS: Mapping[str, Metric] = {
    "scan_dangers": Metric(
        "Dangers",
        "How many things in the files run code on loading, reach outside the artifact, or mislead who reads them.",
        better="lower",
        headline=True,
        whole=True,
    ),
    "scan_not_understood": Metric(
        "Not understood",
        "How many files, or members of archives, could not be read to their end, so that anything may be in them.",
        better="lower",
        headline=True,
        whole=True,
    ),
    "scan_cautions": Metric(
        "To read first",
        "How many things somebody should look at before the model is loaded, such as source code and pickles.",
        better="lower",
        headline=True,
        whole=True,
    ),
    "scan_files": Metric(
        "Files looked at",
        "How many files were looked at, members of archives included.",
        better="neither",
        headline=True,
        whole=True,
    ),
    "scan_understood_share": Metric(
        "Share understood",
        "The share of the files that were read to their end.",
    ),
    "scan_pickles": Metric(
        "Pickled files",
        "How many files hold pickled objects, whose loading can run any code.",
        better="lower",
        whole=True,
    ),
    "scan_second_opinion": Metric(
        "Dangers by picklescan",
        "How many dangerous names another scanner, picklescan, sees in the pickled files.",
        better="lower",
        whole=True,
    ),
    "requirements_named": Metric(
        "Requirements",
        "How many packages the artifact says that it needs.",
        better="neither",
        whole=True,
    ),
    "requirements_unpinned": Metric(
        "Unpinned requirements",
        "How many of the packages that it needs may come in any version.",
        better="lower",
        whole=True,
    ),
}
