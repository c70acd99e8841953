# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The one decoder of pictures, and the one of depths, beside those of Pillow."""

import io

import cv2
import numpy as np
from PIL import Image
import pytest

from scene_reloc_ros.geometry.pictures import decoded_depth, decoded_picture

RGBA = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)
WIDE = Image.fromarray(cv2.GaussianBlur(
    np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8), (0, 0), 2))


def coded(picture, form='PNG', **options):
    """Return the bytes that Pillow makes of a picture."""
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return np.frombuffer(stream.getvalue(), np.uint8)


@pytest.mark.parametrize('picture', [
    Image.fromarray(RGBA[..., 0]), Image.fromarray(RGBA[..., 0] > 128),
    Image.fromarray(RGBA[..., :3]), Image.fromarray(RGBA), Image.fromarray(RGBA[..., :2], 'LA'),
    Image.fromarray(RGBA[..., :3]).quantize(16)], ids=['L', '1', 'RGB', 'RGBA', 'LA', 'P'])
def test_grey_stays_grey_and_all_else_is_colour_without_alpha(picture):
    grey = picture.mode in ('L', '1')
    kept = Image.fromarray(np.asarray(picture)[..., :3]) if picture.mode == 'RGBA' else picture
    kept = Image.fromarray(np.asarray(picture)[..., 0]) if picture.mode == 'LA' else kept
    expected = np.asarray(kept.convert('L' if grey else 'RGB'))
    assert np.array_equal(decoded_picture(coded(picture)),
                          expected if grey else expected[..., ::-1])


def test_a_palette_with_a_transparent_colour_keeps_that_colour():
    picture = Image.fromarray(RGBA[..., :3]).quantize(16)
    assert np.array_equal(decoded_picture(coded(picture, transparency=3)),
                          np.asarray(picture.convert('RGB'))[..., ::-1])


@pytest.mark.parametrize('bits', [10, 12, 16])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_pictures_of_more_bits_are_as_bright(bits, channels):
    eight = np.maximum(RGBA[..., :channels], 128).squeeze()
    content = cv2.imencode('.png', eight.astype(np.uint16) << (bits - 8))[1]
    expected = eight if channels == 1 else eight[..., :3]
    assert np.array_equal(decoded_picture(content), expected)


@pytest.mark.parametrize('options', [
    {'form': 'JPEG'}, {'form': 'JPEG', 'progressive': True}, {'form': 'PNG'}, {'form': 'BMP'},
    {'form': 'TIFF'}], ids=lambda options: '-'.join(map(str, options.values())))
@pytest.mark.parametrize('kept', [0.0, 0.001, 0.3, 0.7, 0.95, 0.998])
def test_a_torn_picture_is_none(options, kept):
    content = coded(WIDE, **options)
    assert decoded_picture(content).shape == (240, 320, 3)
    with pytest.raises(ValueError, match='cannot be decoded'):
        decoded_picture(content[:int(kept * len(content))])


def test_half_a_jpeg_is_none_whatever_the_library_makes_of_it(monkeypatch):
    whole = decoded_picture(coded(WIDE, 'JPEG'))
    monkeypatch.setattr(cv2, 'imdecode', lambda *_: whole)  # as releases before 5 do
    content = coded(WIDE, 'JPEG', exif=coded(WIDE, 'JPEG').tobytes())  # with a whole thumbnail
    with pytest.raises(ValueError, match='cannot be decoded'):
        decoded_picture(content[:-500])
    assert decoded_picture(content) is whole


def test_what_a_telephone_puts_behind_a_jpeg_does_not_matter():
    content = coded(WIDE, 'JPEG')
    film = np.random.default_rng(3).integers(0, 256, 300_000, np.uint8)
    assert np.array_equal(decoded_picture(np.r_[content, film]), decoded_picture(content))
    assert np.array_equal(decoded_picture(np.r_[content, film[:9], 255, 218].astype(np.uint8)),
                          decoded_picture(content))


def test_numbers_that_are_no_brightness_are_refused():
    content = coded(Image.fromarray(RGBA[..., 0].astype(np.float32)), 'TIFF')
    with pytest.raises(ValueError, match='is no picture but float32'):
        decoded_picture(content)


def test_a_depth_is_what_it_was_and_a_picture_is_none():
    depth = np.random.default_rng(2).integers(0, 65536, (24, 32), np.uint16)
    content = cv2.imencode('.png', depth)[1]
    assert np.array_equal(decoded_depth(content), depth)
    with pytest.raises(ValueError, match='cannot be decoded'):
        decoded_depth(content[:-40])
    for picture in (RGBA[..., 0], RGBA[..., :3]):
        with pytest.raises(ValueError, match='expected one channel of 16 bits'):
            decoded_depth(cv2.imencode('.png', picture)[1])


@pytest.mark.parametrize('form, number_bytes', [('PNG', 4), ('JPEG', 2)])
@pytest.mark.parametrize('side', [2_000, 32_000])
def test_a_header_that_claims_gigabytes_is_refused_before_it_costs_them(form, number_bytes, side):
    content = bytearray(coded(Image.fromarray(np.zeros((48, 64), np.uint8)), form).tobytes())
    at = 16 if form == 'PNG' else content.index(b'\xff\xc0') + 5
    assert decoded_picture(np.frombuffer(content, np.uint8)).shape == (48, 64)
    content[at:at + 2 * number_bytes] = 2 * side.to_bytes(number_bytes, 'big')
    for decoder in (decoded_picture, decoded_depth):
        with pytest.raises(ValueError, match=f'says that it is {side}x{side}, in'):
            decoder(np.frombuffer(content, np.uint8))


@pytest.mark.parametrize('length', [b'\x7f\xff\xff\xf0', b'\x00\x00\x7f\xff'])
def test_a_png_whose_chunks_reach_beyond_its_end_is_refused_before_room_is_made_for_them(length):
    content = bytearray(coded(Image.fromarray(np.zeros((48, 64), np.uint8))).tobytes())
    at = content.index(b'IDAT') - 4
    content[at:at + 4] = length
    for decoder in (decoded_picture, decoded_depth):
        with pytest.raises(ValueError, match='bytes.: cut off or damaged'):
            decoder(np.frombuffer(content, np.uint8))
