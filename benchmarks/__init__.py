"""The figures that the README quotes: ``python -m benchmarks``, or ``make bench``.

Comes in: nothing but this checkout. Goes out: a table, or one JSON document. Touches temporary folders and
processes of its own, which are gone when it ends. A figure is a measurement, not a test: nothing fails when a
goal is missed.

``account`` starts a local account that notes its statements (``noting_account`` is its program), ``client``
is the program that uses the deployer and is measured, ``measures`` turns what both say into figures,
``startup`` measures the start of the command line, ``pushes`` those of images to the registries of
``targets`` (``image_memory`` is the program whose memory it measures), ``figures`` says how figures are
shown.
"""
