"""The very first start: a chain with its headquarters, and somebody who can sign in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from regulars.db.session import Database
from regulars.kernel.ids import new_id, new_token
from regulars.members.phones import REGION_SETTING
from regulars.organisation import service as organisation
from regulars.organisation.errors import ChainExists
from regulars.security import service as security
from regulars.security.actor import Actor
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator
from regulars.settings import Settings

LOGIN: Final = "admin"
_PASSWORD_BYTES: Final = 15


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """How the first administrator signs in; to be shown once and kept nowhere."""

    login: str
    password: str = field(repr=False)


async def bootstrap(database: Database, settings: Settings, at: datetime) -> FirstSignIn | None:
    """Found the chain of an empty database, and appoint its administrator.

    Args:
        database: migrated.
        settings: name, currency, time zone and phone region of the chain.
        at: aware instant.
    Returns: the sign-in, or None where there is a chain already.
    Raises: UnknownCurrency, UnknownTimeZone: from the settings.
    """
    actor = Actor.command("bootstrap")
    first = FirstSignIn(LOGIN, new_token(_PASSWORD_BYTES))
    try:
        async with database.begin() as session:
            hq = await organisation.found_chain(
                session,
                place_id=new_id(),
                name=settings.chain_name,
                currency=settings.chain_currency,
                time_zone=settings.chain_time_zone,
                actor=actor,
                at=at,
                settings={REGION_SETTING: settings.chain_phone_region},
            )
            admin = NewOperator(
                id=new_id(),
                login=first.login,
                display_name="管理员",
                password=first.password,
                locale="zh",
                roles=(RoleAt(Role.ADMIN, hq.id),),
            )
            await security.create_operator(session, admin, actor, at)
    except ChainExists:
        return None
    return first
