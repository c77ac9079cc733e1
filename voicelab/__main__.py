"""`python -m voicelab` is the `voicelab` command."""

from voicelab.cli import main

if __name__ == "__main__":
    main()
