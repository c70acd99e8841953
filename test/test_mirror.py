# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where a module is tested: in the file of its own name, or in the one that is named here."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'scene_reloc_ros'
TESTS = ROOT / 'test'
# Shorter modules are tested with what they serve.
LONG_ENOUGH = 40
# {test file: modules that it tests beside its own, or reaches through what is built on them}.
TESTED_IN = {
    'solver/cuda/test_choice.py': ['solver/backend'],
    'cli/demo/test_plan.py': ['cli/demo/command', 'cli/demo/conducted'],
    'cli/drive/test_plan.py': ['cli/drive/command'],
    'cli/demo/test_summary.py': ['cli/demo/plot'],
    'cli/test_compare_command.py': ['cli/compare_worker'],
    'cli/test_depth_queries.py': ['cli/queries'],
    'cli/test_main.py': ['cli/arguments', 'cli/terminal'],
    'datasets/test_perturbed_sequence.py': ['datasets/camera_effects'],
    'datasets/test_recording.py': ['datasets/posed_sequence'],
    'datasets/simulated_room/test_layouts.py': [
        'datasets/negative_frames', *[f'datasets/simulated_room/{module}' for module in (
            'furniture', 'lighting', 'room', 'routes', 'textures')]],
    'datasets/simulated_room/test_renderer.py': ['datasets/simulated_room/surfaces'],
    'datasets/simulated_room/test_simulated_sequence.py': [
        f'datasets/simulated_room/{module}' for module in (
            'materials', 'patterns', 'photographs')],
    'evaluation/test_recording_report.py': ['cli/sequence_figures',
                                            'evaluation/recording_plots'],
    'geometry/test_poses.py': ['geometry/pose_error'],
    'mapping/test_radial_fit.py': ['mapping/view_matching'],
    'pipeline/conventions/test_check.py': [f'pipeline/conventions/{module}' for module in (
        'report', 'view_pairs')],
    'pipeline/conventions/test_camera_alternatives.py': ['pipeline/conventions/minima'],
    'pipeline/test_camera_watch.py': ['pipeline/calibration_sentence', 'pipeline/camera_check'],
    'methods/test_hybrid.py': ['methods/joining'],
    'pipeline/test_localiser.py': ['pipeline/localisation', 'pipeline/observed_query',
                                   'uncertainty/assessment', 'uncertainty/features'],
    'pipeline/test_map_report.py': ['pipeline/frame_result'],
    'methods/coordinates/forest/test_method.py': ['methods/coordinates/forest/queries'],
    'methods/matching/test_cells.py': [
        'methods/method', 'methods/matching/cell_queries', 'methods/matching/cell_tracks',
        'methods/matching/key_frame_maps', 'methods/matching/key_frames'],
    'methods/matching/test_feature_tracks.py': ['methods/matching/views'],
    'methods/matching/test_features.py': ['methods/matching/feature_queries'],
    'pipeline/test_mapper.py': ['methods/coordinates/ace', 'pipeline/map_validation'],
    'ros/relocaliser/sight/test_rig.py': [
        f'ros/relocaliser/sight/{module}' for module in ('options', 'rig_input')],
    'pipeline/sequence/test_joint_localiser.py': ['uncertainty/joint_assessment'],
    'pipeline/tracking/test_odometry_gate.py': ['pipeline/tracking/slew_limit'],
    'pipeline/tracking/test_supervisor.py': ['pipeline/tracking/loss'],
    'pretraining/test_encoder_training.py': ['datasets/procedural_images'],
    'pretraining/test_pairs.py': [f'pretraining/{module}' for module in (
        'photometric', 'procedural_scenes', 'two_views')],
    'ros/bridge/test_camera_node.py': ['ros/bridge/camera_topics', 'ros/bridge/camera_subscriber',
                                       'ros/bridge/transform_lookup'],
    'ros/compat/test_message_filters.py': ['ros/compat/cv_bridge'],
    'ros/compat/test_tf2_ros.py': ['geometry/pose_history', 'ros/compat/upstream'],
    'ros/dataset_player/test_dataset_player_node.py': [
        f'ros/dataset_player/{module}' for module in (
            'frame_reader', 'options', 'playback', 'publishers')],
    'ros/demo/drive/test_drive.py': ['evaluation/loss_ways', 'ros/demo/drive/record',
                                     'ros/demo/drive/relay'],
    'ros/demo/test_demo.py': [f'ros/demo/{module}' for module in (
        'conducting', 'conductor', 'observer', 'service_calls')],
    'ros/mapper/test_mapper_node.py': ['ros/mapper/services'],
    'ros/mapper/test_session.py': ['ros/mapper/options'],
    'ros/mapper/test_training_client.py': ['ros/mapper/training_process'],
    'ros/relocaliser/test_tracking.py': [f'ros/relocaliser/{module}' for module in (
        'tracking_options', 'watch/listeners')],
    'ros/node/test_configured_node.py': ['ros/compat/diagnostic_updater'],
    'ros/node/test_guard.py': ['ros/node/threads'],
    'ros/node/test_lifecycle_node.py': ['ros/node/qos'],
    'ros/node/test_process.py': ['ros/node/stop_signals'],
    'ros/node/test_parameters.py': ['ros/node/parameter_fields'],
    'ros/relocaliser/test_relocaliser_node.py': [f'ros/relocaliser/{module}' for module in (
        'frame_localisation', 'map_loading', 'publishers', 'services')],
    'ros/relocaliser/maps/test_active_map.py': ['ros/relocaliser/maps/map_options'],
    'ros/relocaliser/test_state.py': ['ros/relocaliser/outcome'],
    'ros/test_launch.py': ['ros/node/launch_description'],
    'solver/cuda/test_cells.py': ['solver/normal_equations', 'solver/refinement',
                                  'solver/residuals'],
    'solver/cuda/test_on_gpu.py': ['solver/cuda/graph'],
    'solver/cuda/test_whole_query.py': [f'solver/cuda/{module}' for module in (
        'launch', 'solver', 'workspace')],
    'solver/test_degenerate.py': ['solver/validity'],
    'solver/test_ransac.py': ['solver/problem', 'solver/sampling'],
    'uncertainty/test_acceptance.py': ['solver/second_best', 'uncertainty/image_quality'],
    'uncertainty/test_ambiguity.py': ['mapping/self_consistency'],
    'uncertainty/test_covariance.py': ['uncertainty/model'],
}


def modules(package=PACKAGE):
    """Return (the names of all modules, of those that are long enough), as paths without .py."""
    files = {str(file.relative_to(package).with_suffix('')): file
             for file in sorted(package.rglob('*.py')) if file.name != '__init__.py'}
    return set(files), {name for name, file in files.items()
                        if len(file.read_text(encoding='utf-8').splitlines()) > LONG_ENOUGH}


def mirrors(module):
    """Return the paths that a test of the module's own name may have below the folder test."""
    folder, _, name = module.rpartition('/')
    own = f'{folder}/test_{name}.py'
    if name != 'node':
        return [own]
    return [own, f'{folder}/test_{folder.rpartition("/")[2]}_node.py']


def mirror_faults(tests, tested_in, package=PACKAGE):
    """Yield a sentence for every module that is tested nowhere, or said to be where it is not.

    Args:
        tests: paths of test files below the folder test.
        tested_in: as TESTED_IN.
    """
    known, long = modules(package)
    named = [module for listed in tested_in.values() for module in listed]
    mirrored = {module for module in known if tests & set(mirrors(module))}
    for module in sorted(long - mirrored - set(named)):
        yield f'{module} has no test of its own name and is not named in TESTED_IN'
    for module in named:
        if module not in known:
            yield f'{module} is named and does not exist'
        elif module in mirrored:
            yield f'{module} is named and has a test of its own name'
        if named.count(module) > 1:
            yield f'{module} is named twice'
    for test in sorted(tested_in.keys() - tests):
        yield f'{test} does not exist'


def test_every_module_of_some_length_is_tested_where_one_looks():
    tests = {str(file.relative_to(TESTS)) for file in TESTS.rglob('test_*.py')}
    assert list(mirror_faults(tests, TESTED_IN)) == []


@pytest.fixture
def package(tmp_path):
    """Write a package of a long module, a node of a folder of its own and a short module."""
    for name, lines in (('solver/p3p', 41), ('ros/mapper/node', 41), ('solver/machine', 40)):
        file = tmp_path / f'{name}.py'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('\n' * lines)
    return tmp_path


NODE = 'ros/mapper/test_mapper_node.py'


@pytest.mark.parametrize('tests, tested_in, faults', [
    ({'solver/test_p3p.py', NODE}, {}, []),
    ({'solver/test_ransac.py', NODE}, {'solver/test_ransac.py': ['solver/p3p']}, []),
    ({NODE}, {}, ['solver/p3p has no test of its own name and is not named in TESTED_IN']),
    ({'solver/test_p3p.py', NODE}, {NODE: ['solver/p3p']},
     ['solver/p3p is named and has a test of its own name']),
    ({'solver/test_p3p.py', NODE}, {NODE: ['solver/gone']},
     ['solver/gone is named and does not exist']),
    ({NODE}, {'solver/test_gone.py': ['solver/p3p']}, ['solver/test_gone.py does not exist']),
    ({NODE, 'solver/test_a.py'}, {'solver/test_a.py': ['solver/p3p', 'solver/p3p']},
     ['solver/p3p is named twice'] * 2),
])
def test_a_planted_fault_is_found(package, tests, tested_in, faults):
    assert list(mirror_faults(tests, tested_in, package)) == faults
