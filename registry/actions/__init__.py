"""Every change of the registry: one transaction and one audit event each."""

from registry.actions.card_comments import comment_on_card, resolve_card_comment
from registry.actions.cards import CardMoved, CardUnchanged, record_card_download, revise_card
from registry.actions.datasets import record_dataset_download, register_dataset
from registry.actions.deployments import (
    Restored,
    end_deployment,
    fail_deployment,
    finish_deployment,
    record_deployment,
    roll_back_deployment,
)
from registry.actions.fields import FieldEntry, change_field, define_field, move_field, retire_field
from registry.actions.links import set_dependencies, tag_model
from registry.actions.models import change_model, create_model, resume_model, retire_model, suspend_model
from registry.actions.teams import change_team, set_visibility
from registry.actions.uploads import register_pieces
from registry.actions.use import record_download, verify_artifact
from registry.actions.versions import (
    register_fetched,
    register_from_mlflow,
    register_predictions_only,
    register_upload,
)

__all__ = [
    "record_card_download",
    "roll_back_deployment",
    "finish_deployment",
    "fail_deployment",
    "end_deployment",
    "Restored",
    "CardMoved",
    "FieldEntry",
    "change_field",
    "CardUnchanged",
    "change_model",
    "change_team",
    "comment_on_card",
    "create_model",
    "define_field",
    "move_field",
    "record_dataset_download",
    "record_deployment",
    "record_download",
    "register_dataset",
    "register_fetched",
    "register_from_mlflow",
    "register_pieces",
    "register_predictions_only",
    "register_upload",
    "resolve_card_comment",
    "resume_model",
    "retire_field",
    "retire_model",
    "revise_card",
    "set_dependencies",
    "set_visibility",
    "suspend_model",
    "tag_model",
    "verify_artifact",
]
