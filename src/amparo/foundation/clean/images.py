"""Draws an image anew from its pixels, upright and in sRGB; nothing but the pixels is carried over.

HEIC comes out as JPEG: every recipient can open it, and no container is left that could carry
depth maps, second pictures or a recording. Moving pictures are refused, not cut to their first
frame, so that nobody shares less than they believe.
"""

import importlib
import io
import warnings

from PIL import Image, ImageCms, ImageOps

from amparo.foundation.clean import containers
from amparo.foundation.clean.asking import Limits
from amparo.foundation.clean.kinds import Kind
from amparo.foundation.clean.reasons import CannotClean

FORMATS = {
    Kind.JPEG: ("JPEG", "MPO"),  # MPO: a JPEG with further pictures behind it; the first is taken
    Kind.PNG: ("PNG",),
    Kind.WEBP: ("WEBP",),
    Kind.HEIC: ("HEIF",),
    Kind.GIF: ("GIF",),
}
JPEG_QUALITY = 92  # one for all: quantisation tables of the source tell the camera
WEBP_QUALITY = 90
OPAQUE_PAGE = (255, 255, 255)


def make_ready(kind: Kind | None = None) -> None:
    """Loads the decoders for `kind`, or all of them, while files can still be opened."""
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # `opened` counts for itself, and refuses where Pillow warns
    Image.preinit()
    importlib.import_module("PIL.TiffImagePlugin")  # reads EXIF wherever it stands
    if kind in (Kind.WEBP, None):
        importlib.import_module("PIL.WebPImagePlugin")
    if kind in (Kind.JPEG, None):
        importlib.import_module("PIL.MpoImagePlugin")
    if kind is None:
        Image.init()
    if kind is Kind.HEIC:
        heif = importlib.import_module("pillow_heif")
        heif.options.DECODE_THREADS = 1
        heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    ImageCms.createProfile("sRGB")


def opened(data: bytes, kind: Kind, limits: Limits) -> Image.Image:
    """The image of that kind, sizes looked at, not yet unpacked. Raises CannotClean."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS[kind])
    except (OSError, SyntaxError, ValueError) as failure:
        raise CannotClean("broken") from failure
    if image.width * image.height > limits.pixels:
        raise CannotClean("bomb")
    return image


def clean(data: bytes, kind: Kind, limits: Limits) -> tuple[Kind, bytes]:
    """The image drawn anew, as (kind, bytes); kind differs from the one given only for HEIC."""
    image = opened(data, kind, limits)
    if kind in (Kind.PNG, Kind.WEBP, Kind.GIF) and getattr(image, "n_frames", 1) > 1:
        raise CannotClean("animated")
    lossless = kind is Kind.WEBP and b"VP8L" in data[:64]
    image = plain(image)
    if kind in (Kind.JPEG, Kind.HEIC):
        return Kind.JPEG, as_jpeg(image)
    if kind is Kind.WEBP:
        return Kind.WEBP, as_webp(image, lossless)
    return Kind.PNG, as_png(image)


def draw(
    data: bytes, kind: Kind, wanted: dict[str, int], limits: Limits
) -> tuple[Kind, list[bytes], int]:
    """The image as the one page of a document, at most wanted["width"] pixels wide."""
    width = wanted["width"]
    image = opened(data, kind, limits)
    if kind is Kind.JPEG:
        image.draft("RGB", (width, width))  # decodes at a fraction, never below what is asked
    image = plain(image)
    if image.width > width or image.height > width * 4:
        scale = min(width / image.width, width * 4 / image.height)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return Kind.JPEG, [as_jpeg(image)], 1


def plain(image: Image.Image) -> Image.Image:
    """The pixels alone: upright, in L, RGB, RGBA or 16-bit grey, sRGB, without colour under
    transparency (where editors leave what was rubbed out)."""
    try:
        image.load()
        profile = image.info.get("icc_profile")
        turned = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, EOFError, KeyError) as failure:
        raise CannotClean("broken") from failure
    pixels = in_srgb(turned, profile)
    if pixels.mode == "RGBA":
        nothing = Image.new("RGBA", pixels.size)
        seen = pixels.getchannel("A").point(lambda alpha: 255 if alpha else 0)
        pixels = Image.composite(pixels, nothing, seen)
    bare = Image.new(pixels.mode, pixels.size)
    bare.paste(pixels)
    return bare


def in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The image in sRGB. A profile that cannot be used is left out, as viewers do."""
    mode = image.mode
    if mode in ("I;16", "I;16B", "I;16L", "I"):
        return image if mode == "I;16" else image.convert("I;16")
    if mode == "1":
        return image.convert("L")
    if mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif mode not in ("L", "RGB", "RGBA", "CMYK"):
        image = image.convert("RGB")
    if not isinstance(profile, bytes) or image.mode == "L":
        return image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB")
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colour = image.convert("RGB") if alpha else image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(
            colour, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        made = None
    colour = made if made is not None else colour.convert("RGB")
    if alpha:
        colour.putalpha(alpha)
    return colour


def flat(image: Image.Image) -> Image.Image:
    """The image on white, without transparency."""
    if image.mode == "I;16":
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode != "RGBA":
        return image
    page = Image.new("RGB", image.size, OPAQUE_PAGE)
    page.paste(image, mask=image.getchannel("A"))
    return page


def as_jpeg(image: Image.Image) -> bytes:
    """JPEG bytes in which only what is needed to decode was written."""
    out = io.BytesIO()
    flat(image).save(out, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    return containers.bare_jpeg(out.getvalue())


def as_png(image: Image.Image) -> bytes:
    """PNG bytes with only header, pixels and end."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return containers.only_png(out.getvalue())


def as_webp(image: Image.Image, lossless: bool) -> bytes:
    """WebP bytes with only pixels and transparency."""
    if max(image.size) > 16383:
        raise CannotClean("broken")
    out = io.BytesIO()
    image = image if image.mode in ("RGB", "RGBA") else flat(image).convert("RGB")
    image.save(out, "WEBP", lossless=lossless, quality=WEBP_QUALITY, method=4, exact=False)
    return containers.only_webp(out.getvalue())
