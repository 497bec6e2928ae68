"""spcs-milvus: Milvus and Jupyter on Snowpark Container Services from one YAML file.

The package is a flow; each stage is a function from one value to the next::

    project file ─► config ─► components ─► graph ─┐
                                                   ├─► plan ─► apply ─► report
                           account ─► observe ─────┘

``deployment`` strings the stages together, ``cli`` and ``views`` are what a person sees,
``kinds`` knows Snowflake and ``components`` knows Milvus and Jupyter. ARCHITECTURE.md walks one run through
them.
"""

__version__ = "0.1.0"
