extension ForeignFile {
  /// What stands behind "found" in a message.
  public var words: String {
    switch self {
    case .lfsPointer: "a Git LFS pointer, a text of three lines in place of the file"
    case .annexPointer: "a git-annex pointer, a line of text in place of the file"
    case .html: "an HTML page"
    case .xml: "an XML text"
    case .pdf: "a PDF document"
    case .appleDouble: "an AppleDouble file (what a Mac keeps beside a file, as ._NAME)"
    case .zip: "a zip archive (.zip, .npz, a PyTorch .pt or .bin)"
    case .gzip: "a gzip archive"
    case .bzip2: "a bzip2 archive"
    case .xz: "an xz archive"
    case .zstandard: "a Zstandard archive"
    case .sevenZip: "a 7z archive"
    case .tar: "a tar archive"
    case .heic: "a HEIC picture"
    case .avif: "an AVIF picture"
    case .jpegXL: "a JPEG XL picture"
    case .jpeg2000: "a JPEG 2000 picture"
    case .svg: "an SVG drawing"
    case .jpeg: "a JPEG picture"
    case .png: "a PNG picture"
    case .gif: "a GIF picture"
    case .webp: "a WebP picture"
    case .tiff: "a TIFF picture"
    case .video: "a video"
    case .numpy: "a NumPy array (.npy)"
    case .safetensors: "a safetensors file"
    case .hdf5: "an HDF5 file"
    case .parquet: "a Parquet table"
    case .arrow: "an Arrow table"
    case .sqlite: "an SQLite database"
    case .pickle: "a Python pickle"
    case .gguf: "a GGUF file"
    case .utf16: "text in UTF-16"
    case .utf32: "text in UTF-32"
    }
  }

  /// What to do about it: a sentence or two.
  public var advice: String {
    switch self {
    case .lfsPointer: "Fetch the file itself: git lfs pull, in the clone."
    case .annexPointer: "Fetch the file itself: git annex get, in the clone."
    case .html, .xml:
      "A server answered with a page in place of the file: look at it, and download the file again."
    case .appleDouble: "It holds nothing that is needed: remove it, and name the file without ._"
    case .zip:
      "Unpack it; of .npz take the one array (numpy.save), of a PyTorch file save its state as safetensors."
    case .gzip, .bzip2, .xz, .zstandard, .sevenZip, .tar: "Unpack it first."
    case .heic, .avif, .jpegXL, .jpeg2000, .svg, .gif, .tiff:
      "Convert it to JPEG or PNG (with ImageMagick: magick FILE NEW.jpg)."
    case .hdf5, .parquet, .arrow, .sqlite, .pickle, .gguf, .pdf, .video:
      "Check the path, or write its contents in the format that is expected."
    case .jpeg, .png, .webp, .numpy, .safetensors: "Check the path: another file was meant."
    case .utf16: "Convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW."
    case .utf32: "Convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW."
    }
  }
}

/// A file that is of another format than the one that a reader was asked to read.
public struct ForeignFileFailure: Failure, Equatable {
  public let path: String
  /// "a picture (JPEG, PNG or WebP)"
  public let expected: String
  public let found: ForeignFile

  public init(path: String, expected: String, found: ForeignFile) {
    (self.path, self.expected, self.found) = (path, expected, found)
  }

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    "\(path): expected \(expected), found \(found.words). \(found.advice)"
  }
}
