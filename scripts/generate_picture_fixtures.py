#!/usr/bin/env python3
"""Makes Tests/Fixtures/parity/images: small pictures of every kind that is read, broken ones, and
what Pillow, torchvision, transformers and OpenCV make of them. The layout is that of a parity set:
images.json, files/, broken/, *.safetensors.

  generate_picture_fixtures.py pictures     needs: pip install pillow==12.1.1 torch torchvision
                                            transformers imagehash numpy
  generate_picture_fixtures.py augmented    needs: pip install opencv-python-headless==4.5.5.64
                                            "numpy<2"
"""

import io
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "parity" / "images"
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2)]  # x, y, step x, step y


def drawing(width, height, seed=0):
    """Gradients, an edge and noise: every filter and every chroma plane has something to do."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    noise = np.random.default_rng(seed).normal(0, 18, (height, width, 3))
    disc = ((x - width * 0.6) ** 2 + (y - height * 0.4) ** 2) < (min(width, height) * 0.3) ** 2
    planes = [255 * x / width, 255 * y / height, 127 + 120 * np.sin(x / 5 + y / 9)]
    rgb = np.stack(planes, axis=-1) + noise
    rgb[disc] = 255 - rgb[disc]
    return np.clip(rgb, 0, 255).astype(np.uint8)


def save_tensors(path, tensors):
    """safetensors, by hand: the two environments need no package for it."""
    kinds = {"uint8": "U8", "float32": "F32"}
    header, blobs, offset = {}, [], 0
    for name, array in sorted(tensors.items()):
        blob = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kinds[str(array.dtype)], "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


# --- PNG of any kind, which no Python package writes ---

def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def packed_rows(values, depth):
    """[height, width, channels] to filter-0 rows of `depth` bits a sample."""
    rows = b""
    for row in values.reshape(values.shape[0], -1):
        if depth == 16:
            rows += b"\0" + row.astype(">u2").tobytes()
        else:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth:]
            rows += b"\0" + np.packbits(bits.reshape(-1)).tobytes()
    return rows


def png(values, depth, colour, palette=None, alpha=None, interlaced=False, exif=None, pieces=1):
    height, width = values.shape[:2]
    values = values.reshape(height, width, -1)
    if interlaced:
        passes = [values[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        data = b"".join(packed_rows(p, depth) for p in passes if p.size)
    else:
        data = packed_rows(values, depth)
    data = zlib.compress(data, 9)
    cuts = [len(data) * i // pieces for i in range(pieces + 1)]
    out = b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))
    if palette is not None:
        out += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if alpha is not None:
        out += chunk(b"tRNS", bytes(alpha))
    if exif is not None:
        out += chunk(b"eXIf", exif)
    for first, last in zip(cuts, cuts[1:]):
        out += chunk(b"IDAT", data[first:last])
    return out + chunk(b"IEND", b"")


def exif_block(orientation, big=False):
    order = ">" if big else "<"
    return (b"MM\0*" if big else b"II*\0") + struct.pack(
        order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


# --- the pictures ---

def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpegs(Image):
    base = Image.fromarray(drawing(45, 37))
    cmyk = Image.fromarray(np.dstack([drawing(31, 26, 1), drawing(31, 26, 2)[..., 0]]), "CMYK")
    out = {
        "baseline_420.jpg": encoded(base, "JPEG", quality=85, subsampling="4:2:0"),
        "baseline_422.jpg": encoded(base, "JPEG", quality=60, subsampling="4:2:2"),
        "baseline_444.jpg": encoded(base, "JPEG", quality=95, subsampling="4:4:4"),
        "restarts.jpg": encoded(base, "JPEG", quality=80, restart_marker_blocks=2),
        "progressive.jpg": encoded(base, "JPEG", quality=80, progressive=True),
        "gray.jpg": encoded(base.convert("L"), "JPEG", quality=80),
        "rgb.jpg": encoded(base, "JPEG", quality=80, keep_rgb=True),
        "cmyk.jpg": encoded(cmyk, "JPEG", quality=90),
        "cmyk_progressive.jpg": encoded(cmyk, "JPEG", quality=90, progressive=True),
    }
    # The transform byte of the Adobe segment makes CMYK into YCCK.
    at = out["cmyk.jpg"].index(b"Adobe") + 11
    out["ycck.jpg"] = out["cmyk.jpg"][:at] + b"\2" + out["cmyk.jpg"][at + 1:]
    small = Image.fromarray(drawing(19, 11, 3))
    for orientation in range(1, 9):
        block = b"Exif\0\0" + exif_block(orientation, big=orientation % 2 == 0)
        out[f"exif_{orientation}.jpg"] = encoded(small, "JPEG", quality=90, exif=block)
    return out


def pngs():
    rgb = drawing(23, 17, 4)
    grey = rgb[..., 0].astype(np.uint16)
    wide = rgb.astype(np.uint16) * 200 + 77
    palette = drawing(16, 16, 5).reshape(256, 3)
    clear = drawing(23, 17, 6)[..., :1]
    out = {
        "rgb.png": png(rgb, 8, 2),
        "rgb16.png": png(wide, 16, 2),
        "rgb_interlaced.png": png(rgb, 8, 2, interlaced=True),
        "rgba.png": png(np.dstack([rgb, clear]), 8, 6),
        "rgba16.png": png(np.dstack([wide, wide[..., :1]]), 16, 6),
        "gray_alpha.png": png(np.dstack([rgb[..., 1:2], clear]), 8, 4),
        "gray_alpha16.png": png(np.dstack([wide[..., 1:2], wide[..., :1]]), 16, 4),
        "gray16_low.png": png(grey * 3, 16, 0),
        "gray16_interlaced.png": png(grey * 2, 16, 0, interlaced=True),
        "exif_6.png": png(rgb, 8, 2, exif=exif_block(6, big=True)),
        "one_pixel.png": png(rgb[:1, :1], 8, 2),
        "narrow.png": png(drawing(2, 90), 8, 2),
        "wide.png": png(drawing(90, 2), 8, 2),
    }
    for depth in (1, 2, 4, 8):
        out[f"gray{depth}.png"] = png(grey >> (8 - depth), depth, 0)
        indices = rgb[..., 0] >> (8 - depth)
        out[f"palette{depth}.png"] = png(
            indices, depth, 3, palette=palette[:2 ** depth], alpha=[0, 90] if depth > 1 else None,
            interlaced=depth == 2)
    return out


def webps(Image):
    base = Image.fromarray(drawing(33, 27, 7))
    clear = Image.fromarray(np.dstack([drawing(20, 14, 8), drawing(20, 14, 9)[..., 0]]))
    frames = [Image.fromarray(drawing(12, 10, seed)) for seed in (10, 11)]
    return {
        "lossy.webp": encoded(base, "WEBP", quality=70),
        "lossless.webp": encoded(base, "WEBP", lossless=True),
        "lossless_alpha.webp": encoded(clear, "WEBP", lossless=True, exact=True),
        "lossy_alpha.webp": encoded(clear, "WEBP", quality=80),
        "exif_8.webp": encoded(base, "WEBP", quality=70, exif=b"Exif\0\0" + exif_block(8)),
        "animated.webp": encoded(
            frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
    }


def broken_files(files):
    """Name to (category, bytes)."""
    jpeg, progressive, ping = files["baseline_420.jpg"], files["progressive.jpg"], files["rgb.png"]
    pieces = png(drawing(23, 17, 4), 8, 2, pieces=3)
    second = pieces.index(b"IDAT", pieces.index(b"IDAT") + 4)
    data = ping.index(b"IDAT") + 4
    flipped = bytearray(jpeg)
    flipped[len(jpeg) * 2 // 3] ^= 0xff
    crc = int.from_bytes(ping[29:33], "big") ^ 1
    bomb = bytearray(jpeg)
    frame = bomb.index(b"\xff\xc0")
    bomb[frame + 5:frame + 9] = struct.pack(">HH", 65500, 65500)
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    broken = {
        "half.jpg": ("truncated", jpeg[:len(jpeg) // 2 + 150]),
        "half_progressive.jpg": ("truncated", progressive[:len(progressive) // 2]),
        "half_cmyk.jpg": ("truncated", files["cmyk.jpg"][:-300]),
        "half_gray.jpg": ("truncated", files["gray.jpg"][:-60]),
        "in_the_header.jpg": ("truncated", jpeg[:100]),
        "half.png": ("truncated", ping[:len(ping) // 2]),
        "second_chunk.png": ("truncated", pieces[:second + 150]),
        "no_data.png": ("truncated", ping[:data]),
        "half_palette.png": ("truncated", files["palette8.png"][:-120]),
        "half_gray16.png": ("truncated", files["gray16_low.png"][:-200]),
        "half_interlaced.png": ("truncated", files["rgb_interlaced.png"][:-500]),
        "half.webp": ("truncated", files["lossy.webp"][:200]),
        "pixel_checksum.png": ("corrupt", ping[:-14] + b"\0\0" + ping[-12:]),
        "pixel_data.png": ("corrupt", ping[:data + 600] + b"\xff" * 40 + ping[data + 640:]),
        "header_checksum.png": ("corrupt", ping[:29] + struct.pack(">I", crc) + ping[33:]),
        "no_width.png": ("corrupt", ping[:16] + b"\0\0\0\0" + ping[20:]),
        "chunks.webp": ("corrupt", b"RIFF" + struct.pack("<I", 44) + b"WEBP" + b"\0" * 40),
        "bomb.png": ("too_large", ping[:8] + chunk(b"IHDR", header) + ping[33:]),
        "bomb.jpg": ("too_large", bytes(bomb)),
        "empty.png": ("empty", b""),
        "page.jpg": ("not_an_image", b"<!DOCTYPE html><title>404</title>"),
        "flipped_bits.jpg": ("valid", bytes(flipped)),
        "garbage_behind.jpg": ("valid", jpeg + b"more than a picture"),
        "really_a_png.jpg": ("valid", ping),
    }
    return broken


def pillow_outcome(path, lenient):
    from PIL import Image, ImageFile
    ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB")), {"ok": True, "size": list(image.size)}
    except Exception as error:
        return None, {"ok": False, "exception": type(error).__name__}
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def record_broken(record):
    tensors = {}
    for path in sorted((ROOT / "broken").iterdir()):
        entry = record[path.name]
        pixels, entry["pillow_default"] = pillow_outcome(path, False)
        if pixels is not None:
            tensors[path.name] = pixels
        if entry["category"] == "too_large":
            continue
        pixels, entry["pillow_with_LOAD_TRUNCATED_IMAGES"] = pillow_outcome(path, True)
        if pixels is not None and path.name not in tensors:
            tensors[path.name + ".load_truncated"] = pixels
    save_tensors(ROOT / "broken_decoded.safetensors", tensors)


def resized(Image, transforms, functional):
    """All filters, up, down and mixed; the fixtures' own recipe names."""
    out = {}
    filters = {name.lower(): member for name, member in Image.Resampling.__members__.items()}
    modes = {name: getattr(transforms.InterpolationMode, name.upper()) for name in filters}
    for file in ("baseline_420.jpg", "narrow.png", "wide.png", "one_pixel.png", "rgb_interlaced.png"):
        image = Image.open(ROOT / "files" / file).convert("RGB")
        for name in filters:
            for width, height in ((16, 16), (67, 9), (7, 50)):
                made = functional.resize(image, [height, width], modes[name])
                out[f"{file}.{name}_{width}x{height}"] = np.asarray(made)
    image = Image.open(ROOT / "files" / "baseline_444.jpg").convert("RGB")
    for top, left, height, width in ((3, 5, 30, 21), (20, 38, 4, 7)):
        made = functional.resized_crop(image, top, left, height, width, [24, 24], modes["bicubic"])
        out[f"baseline_444.jpg.resized_crop_{top}_{left}_{height}_{width}_bicubic_24"] = \
            np.asarray(made)
    for shorter, crop in ((20, 17), (17, 20), (21, 16)):
        made = transforms.CenterCrop(crop)(functional.resize(image, shorter, modes["bicubic"]))
        out[f"baseline_444.jpg.bicubic_shorter{shorter}_crop{crop}"] = np.asarray(made)
    return out


def processors():
    """Configurations as checkpoints have them, old spellings too, and the class that reads them."""
    import transformers as t
    imagenet = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    return {
        "vit": (t.ViTImageProcessorPil, {
            "image_processor_type": "ViTImageProcessor", "do_resize": True, "do_rescale": True,
            "do_normalize": True, "size": {"height": 24, "width": 24}, "resample": 2,
            "rescale_factor": 1 / 255, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}),
        "vit_old": (t.ViTImageProcessorPil, {
            "feature_extractor_type": "ViTFeatureExtractor", "do_normalize": True,
            "do_resize": True, "size": 24, "resample": 3, **imagenet}),
        "clip": (t.CLIPImageProcessorPil, {
            "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 21},
            "crop_size": {"height": 18, "width": 18}}),
        "clip_old": (t.CLIPImageProcessorPil, {
            "feature_extractor_type": "CLIPFeatureExtractor", "size": 21, "crop_size": 16,
            "do_center_crop": True, "resample": 3, "do_convert_rgb": True}),
        "deit": (t.DeiTImageProcessorPil, {
            "image_processor_type": "DeiTImageProcessor", "size": {"height": 27, "width": 27},
            "crop_size": {"height": 24, "width": 24}, **imagenet}),
        "bit": (t.BitImageProcessorPil, {
            "image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 20},
            "crop_size": {"height": 25, "width": 25}, **imagenet}),
        "bare": (t.ViTImageProcessorPil, {
            "image_processor_type": "ViTImageProcessor", "size": {"height": 16, "width": 16},
            "do_normalize": False, "do_rescale": False, "resample": 1}),
    }


def normalized(Image, transforms):
    presets = {"imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), "half": ([0.5] * 3,) * 2,
               "clip": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])}
    out, configurations = {}, {}
    files = ("baseline_420.jpg", "wide.png", "gray.jpg")
    for file in files:
        image = Image.open(ROOT / "files" / file).convert("RGB")
        for name, (mean, deviation) in presets.items():
            chain = transforms.Compose([
                transforms.Resize((32, 32), transforms.InterpolationMode.BICUBIC),
                transforms.ToTensor(), transforms.Normalize(mean, deviation)])
            out[f"{file}.{name}"] = chain(image).numpy()
        for name, (kind, configuration) in processors().items():
            configurations[name] = configuration
            made = kind(**configuration)(image, return_tensors="np")["pixel_values"][0]
            out[f"{file}.preprocessor_{name}"] = made.astype(np.float32)
    return out, configurations


def hashes(Image):
    """pHash and dHash of each; a flat or tiny picture has frequencies that are rounding noise."""
    import imagehash
    out = {}
    for file in ("baseline_420.jpg", "progressive.jpg", "rgba.png", "cmyk.jpg", "lossy.webp"):
        image = Image.open(ROOT / "files" / file).convert("RGB")
        out[file] = [str(imagehash.phash(image)), str(imagehash.dhash(image))]
    return out


def pictures():
    import PIL
    import torchvision
    import transformers
    from PIL import Image, ImageOps, features
    from torchvision import transforms
    from torchvision.transforms import functional
    files = {**jpegs(Image), **pngs(), **webps(Image)}
    grid = Image.fromarray(drawing(9, 7))
    files["rgb.bmp"] = encoded(grid, "BMP")
    files["still.gif"] = encoded(grid, "GIF")
    broken = broken_files(files)
    for folder in ("files", "broken"):
        (ROOT / folder).mkdir(parents=True, exist_ok=True)
    for name, blob in files.items():
        (ROOT / "files" / name).write_bytes(blob)
    for name, (_, blob) in broken.items():
        (ROOT / "broken" / name).write_bytes(blob)
    decoded, kinds = {}, {}
    for name in files:
        with Image.open(ROOT / "files" / name) as image:
            kinds[name] = {"pillow_format": image.format, "pillow_mode": image.mode}
            decoded[name] = np.asarray(image.convert("RGB"))
            if name.startswith("exif"):
                upright = ImageOps.exif_transpose(image).convert("RGB")
                decoded[name + ".exif_transposed"] = np.asarray(upright)
    save_tensors(ROOT / "decoded.safetensors", decoded)
    save_tensors(ROOT / "resized.safetensors", resized(Image, transforms, functional))
    tensors, configurations = normalized(Image, transforms)
    save_tensors(ROOT / "normalized.safetensors", tensors)
    record = {name: {"category": category} for name, (category, _) in broken.items()}
    record_broken(record)
    versions = {"pillow": PIL.__version__, "libjpeg-turbo": features.version("libjpeg_turbo"),
                "webp": features.version("webp"), "torchvision": torchvision.__version__,
                "transformers": transformers.__version__}
    (ROOT / "images.json").write_text(json.dumps(
        {"versions": versions, "files": kinds, "broken": record,
         "preprocessors": configurations, "hashes": hashes(Image)}, indent=1) + "\n")


# --- LilT's augmentation, from its description: OpenCV does the arithmetic ---

def augmented():
    import cv2
    fill = (128, 128, 128)

    def warp(image, matrix):
        height, width = image.shape[:2]
        return cv2.warpAffine(image, np.float32(matrix), (width, height), borderValue=fill,
                              flags=cv2.INTER_LINEAR)

    def rotate(image, degrees):
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return cv2.warpAffine(image, matrix, (width, height), borderValue=fill)

    def sharpen(image, factor):
        kernel = np.float32([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
        inner = cv2.filter2D(image, -1, kernel).astype(np.float32)[1:-1, 1:-1]
        out = image.astype(np.float32)
        out[1:-1, 1:-1] = inner + factor * (out[1:-1, 1:-1] - inner)
        return out.astype(np.uint8)

    cases = {
        "ShearX": lambda i, v: warp(i, [[1, v, 0], [0, 1, 0]]),
        "ShearY": lambda i, v: warp(i, [[1, 0, 0], [v, 1, 0]]),
        "TranslateX": lambda i, v: warp(i, [[1, 0, -v], [0, 1, 0]]),
        "TranslateY": lambda i, v: warp(i, [[1, 0, 0], [0, 1, -v]]),
        "Rotate": rotate, "Sharpness": sharpen,
    }
    values = {"ShearX": (-0.3, 0.03), "ShearY": (-0.09, 0.21), "TranslateX": (-3.0, 10.0),
              "TranslateY": (-7.0, 1.0), "Rotate": (-30.0, 9.0), "Sharpness": (0.1, 1.9)}
    image = drawing(37, 29, 12)
    tensors = {"input": image}
    for name, numbers in values.items():
        for value in numbers:
            tensors[f"{name}.{value}"] = cases[name](image, value)
    save_tensors(ROOT / "augmented.safetensors", tensors)


if __name__ == "__main__":
    commands = {"pictures": pictures, "augmented": augmented}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]]()
