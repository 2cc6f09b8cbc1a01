"""Failed comparisons of chain and model show both sides."""

import pytest

pytest.register_assert_rewrite("invariants.world")
