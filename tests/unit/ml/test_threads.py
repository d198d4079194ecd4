import subprocess
import sys

READ = "import tertulia.ml, os; print(os.environ['OPENBLAS_NUM_THREADS'])"


def threads(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_one_thread_is_the_default_and_the_environment_may_choose():
    assert threads({}) == "1"
    assert threads({"OPENBLAS_NUM_THREADS": "3"}) == "3"
