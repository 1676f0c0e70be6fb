import sys

from careloop_local.cli import main

sys.exit(main())
