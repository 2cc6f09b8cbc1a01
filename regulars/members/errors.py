"""What can be wrong with a member's details."""

from regulars.kernel.errors import FieldProblem, RegularsError


class UnknownMember(RegularsError):
    """No such member, or none that the asker may see."""

    code = "unknown_member"

    def __init__(self) -> None:
        super().__init__("no such member", field="member")


class PhoneInvalid(FieldProblem):
    """Not a telephone number that can be called."""

    code = "phone_invalid"

    def __init__(self, region: str, *, field: str) -> None:
        super().__init__(
            "give a telephone number; one from abroad begins with + and the country code",
            field=field,
            region=region,
        )


class TagNotByRules(RegularsError):
    """Only a tag that rules gave is ended apart; what people gave is part of the profile."""

    code = "tag_not_by_rules"

    def __init__(self, tag: str) -> None:
        super().__init__(
            f"no rule gave this member the tag {tag[:60]}; name one of `tags_by_rules`, or change `tags`",
            field="tag",
        )


class PhoneUnreadable(RegularsError):
    """The stored number was sealed under a key that this installation does not have."""

    code = "phone_unreadable"

    def __init__(self) -> None:
        super().__init__("this number cannot be opened with the phone key in use; ask your administrator")


class PhoneTaken(FieldProblem):
    """Another member has this telephone number."""

    code = "phone_taken"

    def __init__(self, *, field: str) -> None:
        super().__init__("another member has this number; look that member up instead", field=field)


class ReferenceInvalid(FieldProblem):
    """An external reference has the wrong shape."""

    code = "reference_invalid"

    def __init__(self, *, field: str) -> None:
        super().__init__(
            "begin with a letter and use up to 64 letters, digits, or . _ : -, and no UUID", field=field
        )


class ReferenceTaken(FieldProblem):
    """Another member has this external reference."""

    code = "reference_taken"

    def __init__(self, reference: str, *, field: str) -> None:
        super().__init__("another member has this reference", field=field, reference=reference)


class NameInvalid(FieldProblem):
    """The name is empty, too long, or not printable."""

    code = "name_invalid"

    def __init__(self, maximum: int, *, field: str) -> None:
        super().__init__(f"give a name of 1 to {maximum} printable characters", field=field, maximum=maximum)


class BirthdayInvalid(FieldProblem):
    """The birthday lies in the future or too far in the past."""

    code = "birthday_invalid"

    def __init__(self, *, field: str) -> None:
        super().__init__("give a date between 1900 and today", field=field)


class TagInvalid(FieldProblem):
    """A tag that rules could misread."""

    code = "tag_invalid"

    def __init__(self, *, field: str) -> None:
        super().__init__(
            "use letters, digits, - or _, at most 40, and nothing that looks like a duration or a date",
            field=field,
        )


class TooMany(FieldProblem):
    """A list of details is longer than it may be."""

    code = "too_many"

    def __init__(self, maximum: int, *, field: str) -> None:
        super().__init__(f"give at most {maximum}", field=field, maximum=maximum)


class AttributeInvalid(FieldProblem):
    """A custom attribute has the wrong name, type or size."""

    code = "attribute_invalid"

    def __init__(self, expected: str, *, field: str) -> None:
        super().__init__(f"give {expected}", field=field, expected=expected)


class HomeStoreUnknown(FieldProblem):
    """The home store does not exist, is closed, or lies outside the asker's places."""

    code = "home_store_unknown"

    def __init__(self, *, field: str) -> None:
        super().__init__("choose an open store within your places", field=field)


class ChoiceInvalid(FieldProblem):
    """A value that is not among those offered."""

    code = "choice_invalid"

    def __init__(self, choices: tuple[str, ...], *, field: str) -> None:
        super().__init__(f"choose one of: {', '.join(choices)}", field=field, choices=list(choices))


class SourceInvalid(FieldProblem):
    """Where a consent was given is missing or too long."""

    code = "source_invalid"

    def __init__(self, maximum: int) -> None:
        super().__init__(
            f"say in 1 to {maximum} characters where the member said so, e.g. desk",
            field="source",
            maximum=maximum,
        )


class EnrolledInFuture(FieldProblem):
    """The time of enrolment has not come yet."""

    code = "enrolled_in_future"

    def __init__(self, *, field: str) -> None:
        super().__init__("give a time that has passed", field=field)
