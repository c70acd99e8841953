# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Image messages: every encoding users send, padded rows, byte order, and clear refusals."""

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from scene_reloc_ros.datasets.image_files import read_colour, read_depth
from scene_reloc_ros.datasets.recording import RecordingSequence, RecordingWriter
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.depth import ANY_DEPTH, DepthRange
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.bridge.images import (
    depth_beside,
    depth_of_message,
    image_of_message,
    refuse_other_size,
)

HEIGHT, WIDTH = 6, 8


def message_of(array, encoding, padding=0, bigendian=False):
    """Lay an array out as an Image message by hand, with padded rows if asked for."""
    rows = [row.tobytes() + b'\xaa' * padding for row in array]
    message = Image(height=array.shape[0], width=array.shape[1], encoding=encoding,
                    is_bigendian=int(bigendian), step=len(rows[0]))
    message.data.frombytes(b''.join(rows))
    return message


@pytest.fixture
def bgr():
    """Return a small colour image, every value another."""
    return np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.mark.parametrize('encoding, channels', [
    ('bgr8', [0, 1, 2]), ('rgb8', [2, 1, 0]), ('bgra8', [0, 1, 2, 0]), ('rgba8', [2, 1, 0, 0]),
    ('8UC3', [0, 1, 2])])
def test_colour_arrives_as_bgr_whatever_the_order_of_channels(bgr, encoding, channels):
    message = message_of(bgr[:, :, channels], encoding)
    np.testing.assert_array_equal(image_of_message(message), bgr)


@pytest.mark.parametrize('encoding, luma', [('yuv422', 1), ('uyvy', 1), ('yuv422_yuy2', 0),
                                            ('yuyv', 0)])
def test_grey_in_yuv422_arrives_as_equal_channels(encoding, luma):
    packed = np.full((HEIGHT, WIDTH, 2), 128, np.uint8)
    packed[:, :, luma] = np.linspace(16, 235, WIDTH).astype(np.uint8)
    image = image_of_message(message_of(packed, encoding))
    assert image.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(image[0, :, 1], np.linspace(0, 255, WIDTH), atol=3)
    assert np.ptp(image.astype(int), axis=2).max() <= 2


@pytest.mark.parametrize('encoding, channels, conversions', [
    ('mono8', 1, 0), ('8UC1', 1, 0), ('bgr8', 3, 0), ('8UC3', 3, 0), ('rgb8', 3, 1),
    ('rgba8', 4, 1), ('bgra8', 4, 1), ('uyvy', 2, 1), ('yuyv', 2, 1)])
def test_an_image_is_converted_once_at_most_and_a_grey_one_never(
        monkeypatch, encoding, channels, conversions):
    pixels = np.zeros((HEIGHT, WIDTH, channels), np.uint8)
    message, calls, convert = message_of(pixels, encoding), [], cv2.cvtColor

    def counted(*arguments, **settings):
        calls.append(arguments[1])
        return convert(*arguments, **settings)
    monkeypatch.setattr(cv2, 'cvtColor', counted)
    image = image_of_message(message)
    assert len(calls) == conversions
    assert np.shares_memory(image, np.frombuffer(message.data, np.uint8)) is (not conversions)


def test_a_grey_image_is_a_view_of_the_message_without_a_copy():
    message = message_of(np.zeros((HEIGHT, WIDTH), np.uint8), 'mono8')
    image = image_of_message(message)
    message.data[3] = 77
    assert image[0, 3] == 77


def test_padding_at_the_end_of_rows_is_left_out(bgr):
    np.testing.assert_array_equal(image_of_message(message_of(bgr, 'bgr8', padding=5)), bgr)


@pytest.mark.parametrize('bigendian', [False, True])
def test_sixteen_bit_grey_is_scaled_to_eight_bits_in_either_byte_order(bigendian):
    grey = np.linspace(0, 65535, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    sent = grey.astype('>u2' if bigendian else '<u2')
    image = image_of_message(message_of(sent, 'mono16', bigendian=bigendian))
    np.testing.assert_allclose(image, grey * 255 / 65535, atol=1)


def test_a_picture_of_twelve_bits_is_as_bright_as_it_is():
    grey = np.linspace(0, 4095, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    image = image_of_message(message_of(grey.astype(np.uint16), 'mono16'))
    np.testing.assert_allclose(image, grey * 255 / 4095, atol=1)


def test_all_bits_of_a_depth_say_that_nothing_was_measured():
    raw = np.full((HEIGHT, WIDTH), 1500, np.uint16)
    raw[:, :3] = 65535
    depth_m = depth_of_message(message_of(raw, '16UC1'))
    assert (depth_m[:, :3] == 0).all() and (depth_m[:, 3:] == 1.5).all()


@pytest.mark.parametrize('extension, exact', [('.png', True), ('.jpg', False)])
def test_compressed_images_are_decoded(extension, exact):
    ramp = np.dstack([np.tile(np.linspace(0, 255, 64), (48, 1))] * 3).astype(np.uint8)
    message = CompressedImage(format=extension[1:])
    message.data.frombytes(cv2.imencode(extension, ramp)[1].tobytes())
    np.testing.assert_allclose(image_of_message(message), ramp, atol=0 if exact else 8)


def test_bayer_images_are_refused_with_the_remedy():
    message = message_of(np.zeros((HEIGHT, WIDTH), np.uint8), 'bayer_rggb8')
    with pytest.raises(ValueError, match='bayer_rggb8 is raw Bayer data; run image_proc'):
        image_of_message(message)


def test_an_unknown_encoding_is_refused_with_those_that_are_read():
    message = message_of(np.zeros((HEIGHT, WIDTH), np.uint8), 'jpeg2000')
    with pytest.raises(ValueError, match="'jpeg2000' is not supported; send one of mono8"):
        image_of_message(message)


def test_a_message_with_too_few_bytes_is_refused(bgr):
    message = message_of(bgr, 'bgr8')
    message.height += 1
    with pytest.raises(ValueError, match='8x7 bgr8 needs rows of 24 bytes'):
        image_of_message(message)


@pytest.mark.parametrize('bits', [8, 12, 16])
def test_a_compressed_picture_may_have_more_bits_and_an_alpha_channel(bits):
    colour = np.random.default_rng(0).integers(200, 256, (HEIGHT, WIDTH, 4)).astype(np.uint16)
    stored = colour.astype(np.uint8) if bits == 8 else colour << (bits - 8)
    message = CompressedImage(format='png')
    message.data.frombytes(cv2.imencode('.png', stored)[1].tobytes())
    assert np.array_equal(image_of_message(message), colour[..., :3])


PIXELS = np.random.default_rng(5).integers(128, 256, (HEIGHT, WIDTH, 4)).astype(np.uint16)
# name -> what a file holds, what a raw topic sends of it, by which encoding
SAME = {
    'grey': (PIXELS[..., 0].astype(np.uint8), 'mono8', [0]),
    'grey, 10 bits': (PIXELS[..., 0] << 2, 'mono16', [0]),
    'grey, 12 bits': (PIXELS[..., 0] << 4, 'mono16', [0]),
    'grey, 16 bits': (PIXELS[..., 0] << 8, 'mono16', [0]),
    'colour': (PIXELS[..., :3].astype(np.uint8), 'bgr8', [0, 1, 2]),
    'colour, red first': (PIXELS[..., :3].astype(np.uint8), 'rgb8', [2, 1, 0]),
    'colour, unnamed': (PIXELS[..., :3].astype(np.uint8), '8UC3', [0, 1, 2]),
    'colour, 16 bits': (PIXELS[..., :3] << 8, 'bgr16', [0, 1, 2]),
    'colour, 16 bits, red first': (PIXELS[..., :3] << 8, 'rgb16', [2, 1, 0]),
    'colour, 12 bits, unnamed': (PIXELS[..., :3] << 4, '16UC3', [0, 1, 2]),
    'alpha': (PIXELS.astype(np.uint8), 'bgra8', [0, 1, 2, 3]),
    'alpha, red first': (PIXELS.astype(np.uint8), 'rgba8', [2, 1, 0, 3]),
    'alpha, 16 bits': (PIXELS << 8, 'bgra16', [0, 1, 2, 3]),
    'alpha, 16 bits, red first': (PIXELS << 8, 'rgba16', [2, 1, 0, 3]),
    'alpha, 16 bits, unnamed': (PIXELS << 8, '16UC4', [0, 1, 2, 3])}


@pytest.mark.parametrize('name', SAME)
def test_the_same_picture_is_the_same_on_every_path(name, tmp_path):
    stored, encoding, channels = SAME[name]
    content = cv2.imencode('.png', stored)[1].tobytes()
    camera = Camera(WIDTH, HEIGHT, 10.0, 10.0, 3.5, 2.5)
    (tmp_path / 'picture.png').write_bytes(content)
    of_file = read_colour(tmp_path / 'picture.png', camera)
    compressed = CompressedImage(format='png')
    compressed.data.frombytes(content)
    sent = np.ascontiguousarray(np.atleast_3d(stored)[..., channels])
    raw = image_of_message(message_of(sent, encoding, padding=4))
    expected = PIXELS[..., 0] if 'grey' in name else PIXELS[..., :3]
    for picture in (of_file, image_of_message(compressed), raw):
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture, expected)


def test_a_recorded_topic_is_read_back_as_the_same_picture(tmp_path):
    camera = Camera(4 * WIDTH, 4 * HEIGHT, 30.0, 30.0, 15.5, 11.5)
    writer = RecordingWriter(tmp_path, camera)
    pixels = np.tile(PIXELS, (4, 4, 1))
    sent = [image_of_message(message_of(pixels[..., 0] << 4, 'mono16')),
            image_of_message(message_of(np.ascontiguousarray(pixels[..., 2::-1]) << 8, 'rgb16'))]
    for number, image in enumerate(sent):
        writer.append(PosedImage('', number + 1, image, camera, np.eye(4)))
    for image, frame in zip(sent, RecordingSequence(tmp_path)):
        np.testing.assert_array_equal(frame.image, image)


@pytest.mark.parametrize('stated', [ANY_DEPTH, DepthRange(0.4, 8.0)])
def test_the_same_depth_is_the_same_on_every_path(stated, tmp_path):
    camera = Camera(WIDTH, HEIGHT, 10.0, 10.0, 3.5, 2.5)
    millimetres = np.random.default_rng(6).integers(200, 12000, (HEIGHT, WIDTH)).astype(np.uint16)
    millimetres[0, :3] = 0, 65535, 300
    metres = np.where(millimetres == 65535, np.inf, millimetres / np.float32(1000))
    metres[0, 3:5] = np.nan, -1.0
    millimetres[0, 3:5] = 0
    for units in (1, 5):
        stored = np.where(millimetres == 65535, 65535, units * millimetres.astype(int))
        cv2.imwrite(str(tmp_path / f'{1000 * units}.png'), stored.astype(np.uint16))
    depths = [
        read_depth(tmp_path / '1000.png', camera, 1000, stated),
        read_depth(tmp_path / '5000.png', camera, 5000, stated),
        depth_of_message(message_of(millimetres, '16UC1'), stated),
        depth_of_message(message_of(millimetres.astype('>u2'), '16UC1', bigendian=True), stated),
        depth_of_message(message_of(metres.astype(np.float32), '32FC1'), stated)]
    assert (depths[0][0, [0, 1, 3, 4]] == 0).all()
    assert (depths[0][0, 2] == 0) == (stated.nearest_m > 0)
    assert (depths[0].max() <= 8) == (stated.farthest_m <= 8)
    for depth_m in depths[1:]:
        assert np.array_equal(depth_m > 0, depths[0] > 0)
        np.testing.assert_allclose(depth_m, depths[0], rtol=1e-6)


def test_metres_that_are_millimetres_are_named(bgr):
    camera = Camera(WIDTH, HEIGHT, 10.0, 10.0, 3.5, 2.5)
    depth = np.full((HEIGHT, WIDTH), 1500, np.float32)
    depth[0] = np.nan
    with pytest.raises(ValueError, match='1500 m in the median, so it is not in metres'):
        depth_beside(message_of(depth, '32FC1'), message_of(bgr, 'bgr8'), camera)
    assert depth_beside(message_of(depth / 1000, '32FC1'), message_of(bgr, 'bgr8'),
                        camera).max() == 1.5


@pytest.mark.parametrize('encoding', ['yuv422', 'yuyv'])
def test_colours_that_two_pixels_share_need_an_even_width(encoding):
    message = message_of(np.zeros((HEIGHT, WIDTH - 1, 2), np.uint8), encoding)
    with pytest.raises(ValueError, match=f'{encoding} shares colours .* width is 7'):
        image_of_message(message)


@pytest.mark.parametrize(('form', 'refused'), [
    ('bayer_rggb8; jpeg compressed ', True), ('bayer_gbrg8; png compressed', True),
    ('bayer_rggb8; jpeg compressed bgr8', False), ('mono8; png compressed ', False)])
def test_a_mosaic_is_no_grey_picture_though_it_is_compressed(form, refused):
    message = CompressedImage(format=form)
    message.data.frombytes(cv2.imencode('.png', np.zeros((HEIGHT, WIDTH), np.uint8))[1].tobytes())
    if not refused:
        assert image_of_message(message).shape == (HEIGHT, WIDTH)
        return
    with pytest.raises(ValueError, match='raw Bayer data; run image_proc debayer'):
        image_of_message(message)


@pytest.mark.parametrize('content', [b'', b'no picture'])
def test_a_compressed_image_that_is_none_is_refused(content):
    message = CompressedImage(format='jpeg')
    message.data.frombytes(content)
    with pytest.raises(ValueError, match='cannot be decoded'):
        image_of_message(message)


def test_depth_in_millimetres_and_metres_means_the_same():
    metres = np.array([[0.0, 1.25], [2.5, 65.534]], np.float32)
    millimetres = message_of(np.rint(metres * 1000).astype(np.uint16), '16UC1')
    floats = message_of(np.where(metres > 0, metres, np.nan).astype(np.float32), '32FC1')
    np.testing.assert_allclose(depth_of_message(millimetres), metres, atol=1e-6)
    np.testing.assert_allclose(depth_of_message(floats), metres, atol=1e-6)


def test_colour_sent_as_depth_is_refused(bgr):
    with pytest.raises(ValueError, match="depth encoding 'bgr8'"):
        depth_of_message(message_of(bgr, 'bgr8'))


def test_an_image_of_another_size_than_its_camera_info_is_refused(bgr):
    with pytest.raises(ValueError, match='image is 8x6 but camera_info says 640x480'):
        refuse_other_size(bgr, Camera(640, 480, 500, 500, 320, 240))


def test_a_damaged_compressed_image_is_refused_with_the_format_that_it_says(bgr):
    data = bytearray(cv2.imencode('.png', bgr)[1].tobytes())
    data[data.index(b'IDAT') - 4] = 127
    with pytest.raises(ValueError, match="'png' cannot be .*: cut off or damaged; send jpeg"):
        image_of_message(CompressedImage(format='png', data=bytes(data)))


def test_an_image_of_no_size_is_named():
    with pytest.raises(ValueError, match='image is empty .0x48.; check the camera driver'):
        image_of_message(Image(height=48, width=0, encoding='bgr8'))
