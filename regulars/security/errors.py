"""What can go wrong when somebody proves who they are or asks for what is not theirs."""

from regulars.kernel.errors import FieldProblem, RegularsError


class NotSignedIn(RegularsError):
    """No session or key, or one that is no longer good."""

    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("sign in first, or send a terminal key")


class SignInRefused(RegularsError):
    """Login and password do not belong together; which of the two is wrong is not said."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("login or password is wrong")


class TooManySignIns(RegularsError):
    """Too many failures for this login or from this address."""

    code = "too_many_sign_ins"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            "too many failed attempts; wait and try again", retry_after_seconds=retry_after_seconds
        )


class PermissionDenied(RegularsError):
    """Signed in, but not allowed to do this, or not here."""

    code = "permission_denied"

    def __init__(self, permission: str) -> None:
        super().__init__("your roles do not allow this here", permission=permission)


class CsrfRefused(RegularsError):
    """A changing request that does not prove that it comes from our own page."""

    code = "csrf_refused"

    def __init__(self) -> None:
        super().__init__(
            "the page is out of date or the request came from another site; reload and try again"
        )


class HttpsRequired(RegularsError):
    """Signing in over plain HTTP from another machine."""

    code = "https_required"

    def __init__(self) -> None:
        super().__init__("sign in over https, or from the machine that runs Regulars")


class UnknownOperator(RegularsError):
    """No such operator, or none that the asker may see."""

    code = "unknown_operator"

    def __init__(self, operator: object) -> None:
        super().__init__("no such operator", operator=str(operator)[:64])


class LoginInvalid(FieldProblem):
    """The login has the wrong shape."""

    code = "login_invalid"

    def __init__(self) -> None:
        super().__init__("use 2 to 64 lower-case letters, digits, or . _ @ -", field="login")


class DisplayNameInvalid(FieldProblem):
    """The name shown to colleagues is empty, too long, or not printable."""

    code = "display_name_invalid"

    def __init__(self, maximum: int) -> None:
        super().__init__(
            f"give a name of 1 to {maximum} printable characters", field="display_name", maximum=maximum
        )


class LocaleUnknown(FieldProblem):
    """Not a language that Regulars speaks."""

    code = "locale_unknown"

    def __init__(self) -> None:
        super().__init__("choose zh or en", field="locale")


class RoleForTerminals(FieldProblem):
    """The role is what a till has by its key; nobody is appointed to it."""

    code = "role_for_terminals"

    def __init__(self, index: int) -> None:
        super().__init__("this role is for terminals only", field=f"roles[{index}].role")


class LoginTaken(FieldProblem):
    """Another operator signs in with this login."""

    code = "login_taken"

    def __init__(self) -> None:
        super().__init__("another operator has this login; choose another", field="login")


class PasswordTooWeak(FieldProblem):
    """The password is too short, too long, or contains the login."""

    code = "password_too_weak"

    def __init__(self, minimum: int, maximum: int, *, field: str = "password") -> None:
        super().__init__(
            f"use {minimum} to {maximum} characters that do not contain the login",
            field=field,
            minimum=minimum,
            maximum=maximum,
        )


class NoRole(FieldProblem):
    """An operator without any role could do nothing."""

    code = "no_role"

    def __init__(self) -> None:
        super().__init__("give at least one role at a place", field="roles")


class RolePlaceUnknown(FieldProblem):
    """The role's place does not exist, or lies outside the granter's own."""

    code = "role_place_unknown"

    def __init__(self, index: int) -> None:
        super().__init__("no such place within yours", field=f"roles[{index}].place")


class LastAdmin(RegularsError):
    """The change would leave the chain without anybody who can manage operators."""

    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("this is the last administrator of the whole chain; appoint another first")


class TooManyTerminalKeys(RegularsError):
    """The terminal has as many live keys as rotation needs."""

    code = "too_many_terminal_keys"

    def __init__(self, limit: int) -> None:
        super().__init__(f"this terminal has {limit} live keys; revoke one first", limit=limit)


class UnknownTerminal(RegularsError):
    """No such terminal, or it is closed, or none that the asker may see."""

    code = "unknown_terminal"

    def __init__(self, terminal: object) -> None:
        super().__init__("no such terminal", terminal=str(terminal)[:64])


class UnknownTerminalKey(RegularsError):
    """No such key at this terminal."""

    code = "unknown_terminal_key"

    def __init__(self, key_id: str) -> None:
        super().__init__("no such key at this terminal", key_id=key_id[:64])
