# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Opening sequences, frame lists and selections."""

import pytest

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list, Sequence
from scene_reloc_ros.datasets.recording import RecordingSequence, RecordingWriter
from scene_reloc_ros.datasets.seven_scenes import SevenScenesSequence


def test_the_layout_of_a_folder_is_recognised(
        seven_scenes_folder, small_camera, make_frame, tmp_path):
    assert isinstance(open_sequence(seven_scenes_folder), SevenScenesSequence)
    RecordingWriter(tmp_path / 'new', small_camera).append(make_frame(0))
    assert isinstance(open_sequence(str(tmp_path / 'new')), RecordingSequence)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match='nowhere does not exist'):
        open_sequence(tmp_path / 'nowhere')


def test_a_folder_of_no_known_layout_says_what_was_looked_for(tmp_path):
    with pytest.raises(ValueError, match=r'holds no sequence; looked for .*rgb.txt.*color.jpg'):
        open_sequence(tmp_path)


def test_an_empty_recording_is_refused_on_opening(tmp_path, small_camera):
    RecordingWriter(tmp_path, small_camera)
    with pytest.raises(ValueError, match='has no frames'):
        open_sequence(tmp_path)


def test_a_selection_keeps_order_and_reads_lazily(seven_scenes_folder):
    (seven_scenes_folder / 'frame-000007.color.png').write_bytes(b'broken')
    sequence = open_sequence(seven_scenes_folder)
    chosen = sequence.select(['frame-000009', 'frame-000008'])
    assert isinstance(chosen, Sequence) and chosen.camera == sequence.camera
    assert [frame.name for frame in chosen] == chosen.names == ['frame-000009', 'frame-000008']
    assert (chosen.map_from_cam(1) == sequence.map_from_cam(1)).all()
    assert len(chosen.select(['frame-000008'])) == 1


def test_a_selection_names_the_first_frame_that_is_missing(seven_scenes_folder):
    sequence = open_sequence(seven_scenes_folder)
    with pytest.raises(ValueError, match="frame 'frame-000099' is not in the sequence of 3"):
        sequence.select(['frame-000007', 'frame-000099', 'frame-000100'])


def test_an_index_beyond_the_end_is_an_index_error(seven_scenes_folder):
    sequence = open_sequence(seven_scenes_folder)
    assert sequence[-1].name == 'frame-000009'
    for index in (3, -4):
        with pytest.raises(IndexError):
            sequence[index]


def test_a_frame_list_skips_comments_and_empty_lines(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('# mapping\nframe-000001\n\n  frame-000002  # the second\n')
    assert read_frame_list(path) == ['frame-000001', 'frame-000002']


@pytest.mark.parametrize('coding', ['utf-8-sig', 'utf-16'])
def test_a_frame_list_may_begin_with_a_byte_order_mark(tmp_path, coding):
    path = tmp_path / 'list.txt'
    path.write_text('frame-000001\r\nframe-000002\r\n', coding)
    assert read_frame_list(path) == ['frame-000001', 'frame-000002']


def test_names_that_a_frame_list_repeats_are_told(tmp_path, caplog):
    path = tmp_path / 'list.txt'
    path.write_text('frame-000001\nframe-000002\nframe-000001')
    assert len(read_frame_list(path)) == 3
    assert 'names 1 frames more than once, such as frame-000001' in caplog.text


@pytest.mark.parametrize(('content', 'sentence'), [
    (None, 'cannot be read'), (b'\n# nothing\n', 'is empty'), (b'\xff\xfe\x00', 'is no text')])
def test_a_useless_frame_list_is_refused(tmp_path, content, sentence):
    path = tmp_path / 'list.txt'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f'list.txt {sentence}'):
        read_frame_list(path)


@pytest.mark.parametrize(('text', 'sentence'), [
    ('simulated:garden', "no route 'garden'; expected survey or return"),
    ('simulated:survey?light=noon', "no light 'noon'"),
    ('simulated:survey?frames=many', "frames of .* is 'many'; expected a number"),
    ('simulated:survey?frames=0', '0 frames'),
    ('simulated:survey?seed=-1', 'seed -1'),
    ('simulated:survey?rate_hz=0', 'rate of 0.0 Hz'),
    ('simulated:survey?colour=red', "option 'colour'")])
def test_a_wrong_description_of_the_simulated_room_is_refused(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        open_sequence(text)
