"""What can be wrong with a chain's own fields and their values."""

from uuid import UUID

from regulars.kernel.errors import FieldProblem, RegularsError


class CustomFieldInvalid(FieldProblem):
    """A part of the field's definition cannot be so."""

    code = "custom_field_invalid"

    def __init__(self, wanted: str, field: str) -> None:
        super().__init__(f"give {wanted}", field=field, wanted=wanted)


class CustomValueInvalid(FieldProblem):
    """The value does not fit the field, or there is no such field."""

    code = "custom_value_invalid"

    def __init__(self, wanted: str, field: str) -> None:
        super().__init__(f"give {wanted}", field=field, wanted=wanted)


class CustomFieldTaken(FieldProblem):
    """The code is another field's of the same subject."""

    code = "custom_field_taken"

    def __init__(self, subject: str, code: str) -> None:
        super().__init__(f"the {subject}s have a field “{code}” already; choose another code", field="code")


class TooManyCustomFields(RegularsError):
    """A subject has as many fields as it can have."""

    code = "too_many_custom_fields"

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} fields already; no more can be added", limit=limit)


class UnknownCustomField(RegularsError):
    """No such field."""

    code = "unknown_custom_field"

    def __init__(self, field_id: UUID | str) -> None:
        super().__init__("there is no such field; list them with GET /v1/custom-fields")
        self.field_id = field_id
