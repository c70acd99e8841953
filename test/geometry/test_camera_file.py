# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""camera.yaml in every form that ROS tools write, and what is said of one that lacks a part."""

from dataclasses import replace
from pathlib import Path
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest
import yaml

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.camera_file import read_camera, read_depth_range, write_camera
from scene_reloc_ros.geometry.depth import DepthRange

HEAD = 'image_width: 640\nimage_height: 480\ndistortion_model: plumb_bob\n'
MATRIX = 'camera_matrix: {rows: 3, cols: 3, data: [525.0, 0, 320, 0, 515.0, 240, 0, 0, 1]}\n'
PLAIN = Camera(640, 480, 525.0, 515.0, 320.0, 240.0)
BENT = Camera(640, 480, 525.0, 515.0, 320.0, 240.0, 'plumb_bob', (0.1, 0.0, 0.0, 5e-05))


@pytest.mark.parametrize('camera', [
    PLAIN, BENT, Camera(640, 480, 300.0, 301.0, 320.0, 240.0, 'equidistant', (0.1, 0, 0, 0))])
def test_a_camera_file_round_trip_changes_nothing(camera, tmp_path):
    write_camera(tmp_path / 'camera.yaml', camera)
    assert read_camera(tmp_path / 'camera.yaml') == camera
    assert read_camera(tmp_path / 'camera.yaml', rectified=True) == replace(
        camera, distortion_model='none', distortion=())


@pytest.mark.parametrize('text, sentence', [
    ('', 'holds no fields; write the file with camera_calibration'),
    ('- 1\n', 'holds no fields'), ('a: [', 'is no yaml'),
    ('image_width: 640\n', 'lacks the field image_height'),
    ('image_width:\nimage_height: 480\n', 'lacks the field image_width, or its numbers'),
    ('image_width: wide\n', "its field image_width is 'wide'; expected numbers"),
    ('image_width: 640.5\n', 'image_width is 640.5; expected a whole number'),
    ('image_width: yes\n', "its field image_width is 'True'"),
    ('image_width: 640\nimage_height: 480\ncamera_matrix:\n', 'lacks the field camera_matrix'),
    ('image_width: 640\nimage_height: 480\ncamera_matrix: [1, 2, 3]', 'has 3 entries'),
    ('image_width: 640\nimage_height: 480\ncamera_matrix: [1, null, 3]',
     "its field camera_matrix is '.1, None, 3.'; expected numbers, row by row"),
    ('image_width: 640\nimage_height: 480\ncamera_matrix: {data: [.nan, 0, 0, 0, 1, 0, 0, 0, 1]}',
     'NaN')])
def test_a_broken_camera_file_is_named(text, sentence, tmp_path):
    path = tmp_path / 'camera.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=f'camera.yaml.*{sentence}'):
        read_camera(path)


def test_a_missing_camera_file_is_named(tmp_path):
    with pytest.raises(ValueError, match='camera.yaml does not exist'):
        read_camera(tmp_path / 'camera.yaml')
    with pytest.raises(ValueError, match='cannot be read'):
        read_camera(tmp_path)



@pytest.mark.parametrize(('text', 'camera'), [
    (HEAD + MATRIX, PLAIN),
    (HEAD.replace('plumb_bob', '') + MATRIX, PLAIN),
    (HEAD + MATRIX + 'distortion_coefficients:\n', PLAIN),
    (HEAD + MATRIX + 'distortion_coefficients: {data: }\n', PLAIN),
    (HEAD + MATRIX + 'distortion_coefficients: [0.1, 0, 0, 5e-05]\n', BENT),
    (HEAD + MATRIX + 'distortion_coefficients: {data: [[0.1, 0, 0, 5e-05]]}\n', BENT),
    (HEAD + MATRIX + 'distortion_coefficients: {data: [[0.1], [0], [0], [5.0e-5]]}\n', BENT),
    (HEAD + 'camera_matrix: [[525.0, 0, 320], [0, 515.0, 240], [0, 0, 1]]\n', PLAIN),
    (HEAD + 'camera_matrix: {data: [[525.0, 0, 320], [0, 515.0, 240], [0, 0, 1]]}\n', PLAIN),
    ('%YAML 1.1\n---\n' + HEAD + MATRIX, PLAIN)])
def test_a_camera_file_may_nest_its_lists_and_leave_out_what_is_nothing(text, camera, tmp_path):
    (tmp_path / 'camera.yaml').write_text(text)
    assert read_camera(tmp_path / 'camera.yaml') == camera


@pytest.mark.parametrize('name', [str.lower, str.upper])  # of ROS 2, of ROS 1
def test_what_topic_echo_says_of_a_camera_info_is_a_camera_file(name, tmp_path):
    k = ''.join(f'- {value}\n' for value in (525.0, 0.0, 320.0, 0.0, 515.0, 240.0, 0.0, 0.0, 1.0))
    (tmp_path / 'camera.yaml').write_text(
        'header:\n  stamp:\n    sec: 5\n    nanosec: 7\n  frame_id: camera\nheight: 480\n'
        f'width: 640\ndistortion_model: plumb_bob\n{name("d")}:\n- 0.1\n- 0.0\n- 0.0\n- 5.0e-05\n'
        f'{name("k")}:\n{k}binning_x: 0\nbinning_y: 0\n---\n')
    assert read_camera(tmp_path / 'camera.yaml') == BENT


def test_of_rectified_pictures_the_projection_holds_and_no_distortion(tmp_path):
    path = tmp_path / 'camera.yaml'
    path.write_text(HEAD + MATRIX + 'distortion_coefficients: {data: [0.1, 0, 0, 0.1, 0]}\n'
                    'projection_matrix: {data: [510, 0, 315, -40, 0, 511, 238, 0, 0, 0, 1, 0]}\n')
    assert read_camera(path, rectified=True) == Camera(640, 480, 510.0, 511.0, 315.0, 238.0)
    assert read_camera(path).distortion == (0.1, 0.0, 0.0, 0.1, 0.0)


@pytest.mark.parametrize(('projection', 'sentence'), [
    ('', 'lacks the field projection_matrix'),
    (f'projection_matrix: {[0] * 12}', 'P is zero, so nothing rectifies the pictures'),
    (f'projection_matrix: {[1] * 9}', 'has 9 entries; expected 12')])
def test_pictures_cannot_be_rectified_without_a_projection(projection, sentence, tmp_path):
    (tmp_path / 'camera.yaml').write_text(HEAD + MATRIX + projection)
    with pytest.raises(ValueError, match=f'camera.yaml.*{sentence}'):
        read_camera(tmp_path / 'camera.yaml', rectified=True)


@pytest.mark.parametrize(('text', 'stated'), [
    ('', DepthRange()), ('depth_range: [0.3, 8]\n', DepthRange(0.3, 8.0)),
    ('depth_range:\n', DepthRange()), ('depth_range: [0, .inf]\n', DepthRange())])
def test_a_camera_file_may_state_the_range_of_its_depth(text, stated, tmp_path):
    (tmp_path / 'camera.yaml').write_text(HEAD + MATRIX + text)
    assert read_depth_range(tmp_path / 'camera.yaml') == stated


@pytest.mark.parametrize(('text', 'sentence'), [
    ('[8, 0.3]', 'the nearer one first'), ('[8]', 'depth_range has 1 numbers'),
    ('[.nan, 3]', 'the nearer one first'), ('far', 'depth_range is .far.; expected numbers')])
def test_what_is_no_range_of_depth_is_named(text, sentence, tmp_path):
    (tmp_path / 'camera.yaml').write_text(f'{HEAD}{MATRIX}depth_range: {text}\n')
    with pytest.raises(ValueError, match=f'camera.yaml.*{sentence}'):
        read_depth_range(tmp_path / 'camera.yaml')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(
        st.sampled_from(('data', 'rows', 'x')), inner, max_size=3), max_leaves=12)
GOOD = yaml.safe_load(HEAD + MATRIX)
FIELDS = st.sampled_from(('image_width', 'height', 'camera_matrix', 'k', 'D', 'distortion_model',
                          'distortion_coefficients', 'projection_matrix', 'depth_range'))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(FIELDS, VALUES) | VALUES, st.booleans())
def test_whatever_stands_in_a_file_it_is_a_camera_or_a_sentence(fields, rectified):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'camera.yaml'
        path.write_text(yaml.safe_dump({**GOOD, **fields} if isinstance(fields, dict) else fields))
        for read in (lambda: read_camera(path, rectified), lambda: read_depth_range(path)):
            try:
                assert isinstance(read(), Camera | DepthRange)
            except ValueError as error:
                assert str(error).startswith(f'camera file {path}')
