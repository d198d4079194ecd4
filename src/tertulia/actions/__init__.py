"""Custom actions: code of a bot's own, run by the dialogue server or by an action server.

Rule: actions of a project need this package alone; which process runs them is the operator's
choice.
"""

from tertulia.actions.action import Action, FunctionAction, action
from tertulia.actions.context import Context, Message
from tertulia.actions.forms import FormValidation
from tertulia.base.errors import ActionRejected

__all__ = [
    "Action",
    "ActionRejected",
    "Context",
    "FormValidation",
    "FunctionAction",
    "Message",
    "action",
]
