"""What of a failure Temporal gets to see: its code, never a message that could name a person."""

from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from regulars.kernel.errors import RegularsError

log = structlog.get_logger(__name__)


class Discretion(Interceptor):
    """Turns every failure of an activity into one that may be shown."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _DiscreetActivity(super().intercept_activity(next))


class _DiscreetActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: ANN401
        try:
            return await super().execute_activity(input)
        except ApplicationError:
            raise
        except RegularsError as error:
            # Trying again would end the same way: whoever asked must hear it.
            raise ApplicationError(error.code, type=error.code, non_retryable=True) from None
        except Exception as error:
            info = activity.info()
            log.exception("activity_failed", activity=info.activity_type, attempt=info.attempt)
            kind = type(error).__name__
            raise ApplicationError(f"{kind}; the worker's log says more", type=kind) from None
