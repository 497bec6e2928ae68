"""Settings for the tests of the deployer: few examples a property, so that a run takes seconds."""

from hypothesis import Phase, settings

settings.register_profile("quick", max_examples=30, deadline=None)
# the same examples for each mutant, so that what survives, survives the next run too
settings.register_profile(
    "mutants",
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("quick")
