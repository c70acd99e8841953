# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Reasons why there is no pose: every one has a code, a sentence and a remedy of its own."""

from scene_reloc_ros.solver.problem import SolverRejection
from scene_reloc_ros.uncertainty.rejection import Rejection


def test_every_reason_has_a_sentence_and_a_remedy_of_its_own():
    assert len({reason.sentence for reason in Rejection}) == len(Rejection)
    assert len({reason.remedy for reason in Rejection}) == len(Rejection)
    for reason in Rejection:
        assert reason.sentence.endswith('.') and reason.remedy.endswith('.'), reason


def test_a_code_is_the_name_in_small_letters():
    assert Rejection.NO_MAP.code == 'no_map'
    assert [reason.code for reason in Rejection] == [reason.name.lower() for reason in Rejection]


def test_what_the_solver_rejects_has_a_reason():
    assert {reason.name for reason in SolverRejection} <= set(Rejection.__members__)
