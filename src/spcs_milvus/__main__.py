"""``python -m spcs_milvus`` is the command ``spcs-milvus``."""

from spcs_milvus.cli import main

if __name__ == "__main__":
    main()
