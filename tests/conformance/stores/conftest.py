import pytest

pytest.register_assert_rewrite("tertulia.testing")
