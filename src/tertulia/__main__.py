"""`python -m tertulia`: the command `tertulia` of this very Python."""

import sys

if __name__ == "__main__":
    # Python has put the project's folder first, where its files would hide installed packages.
    if not sys.flags.safe_path:
        del sys.path[0]
    from tertulia.cli.main import main

    main()
