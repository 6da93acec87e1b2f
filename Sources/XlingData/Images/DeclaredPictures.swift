import Foundation
import XlingCore

/// How a tower's folder says that pictures are prepared, from whichever file says it: Hugging Face's
/// `preprocessor_config.json` or `processor_config.json`, timm's `config.json`, open_clip's
/// `open_clip_config.json`.
public struct DeclaredPictures: Sendable {
  public let preprocessing: ImagePreprocessing
  /// The file that rules.
  public let path: String
  /// The key that says how large pictures are.
  let sizeKey: String
  public let declarations: [Declaration]

  static let fileNames = [
    "preprocessor_config.json", "processor_config.json", "config.json", "open_clip_config.json",
  ]

  /// nil where the folder says nothing of pictures. `side` is what was asked for in place of the size
  /// declared. Throws ``ImageFailure/badPreprocessor(path:key:expected:found:)`` or `FileFailure`.
  public init?(folder: String, side: Int? = nil) throws {
    var found: [DeclaredPictures] = []
    for folder in [folder, Self.firstModule(of: folder)].compactMap({ $0 }) {
      for name in Self.fileNames {
        let path = folder + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { continue }
        if let declared = try DeclaredPictures(inside: path, side: side) { found.append(declared) }
      }
      if !found.isEmpty { break }
    }
    guard let first = found.first else { return nil }
    // transformers 5 reads the second of these, older versions the first.
    if found.count > 1, found[1].path.hasSuffix("/processor_config.json"),
      found[1].preprocessing != first.preprocessing
    {
      throw ImageFailure.badPreprocessor(
        path: found[1].path, key: "image_processor",
        expected: "what \(Self.fileNames[0]) beside it says, or name one by --preprocessor",
        found: PictureInput(found[1].preprocessing).description)
    }
    let name = URL(fileURLWithPath: first.path).lastPathComponent
    self.init(
      preprocessing: first.preprocessing, path: first.path, sizeKey: first.sizeKey,
      declarations: first.declarations
        + found.dropFirst().flatMap(\.declarations).map {
          Declaration(file: $0.file, key: $0.key, value: $0.value, use: "not needed: \(name)")
        })
  }

  /// What a file given by name says, which must say something.
  public init(file path: String, side: Int? = nil) throws {
    guard let declared = try DeclaredPictures(inside: path, side: side) else {
      throw ImageFailure.badPreprocessor(
        path: path, key: "(file)", expected: "how pictures are prepared", found: "nothing of it")
    }
    self = declared
  }

  private init(
    preprocessing: ImagePreprocessing, path: String, sizeKey: String, declarations: [Declaration]
  ) {
    // The same 256 numbers, as a test checks.
    var preprocessing = preprocessing
    if preprocessing.rescale == .factor(1 / 255) { preprocessing.rescale = .byte }
    (self.preprocessing, self.path, self.sizeKey) = (preprocessing, path, sizeKey)
    self.declarations = declarations
  }

  /// nil where the file says nothing of pictures.
  private init?(inside path: String, side: Int?) throws {
    let data = try AtomicFile.read(path, hint: "A preprocessor_config.json was expected there.")
    try self.init(data, path: path, side: side)
  }

  /// A file's content; nil where it says nothing of pictures. `path` is what an error calls it.
  package init?(_ data: Data, path: String, side: Int? = nil) throws(ImageFailure) {
    let name = URL(fileURLWithPath: path).lastPathComponent
    let isOwn = !Self.fileNames.dropFirst().contains(name)
    guard let keys = JSONValue(data)?.object else {
      // Who reads the tower says what is wrong with its configuration.
      guard isOwn else { return nil }
      throw ImageFailure.badPreprocessor(
        path: path, key: "(file)", expected: "one JSON object",
        found: RepeatedKey(in: data)?.words ?? "something else")
    }
    try self.init(keys, isOwn: isOwn, side: side, path: path)
  }

  private init?(
    _ keys: [String: JSONValue], isOwn: Bool, side: Int?, path: String
  ) throws(ImageFailure) {
    let file = URL(fileURLWithPath: path).lastPathComponent
    func said(_ entries: PictureEntries, _ uses: [String: String]) -> [Declaration] {
      entries.declarations(file: file, uses: uses).map {
        Declaration(file: file, key: $0.0, value: $0.1, use: $0.2)
      }
    }
    if keys["model_cfg"]?.object != nil || keys["preprocess_cfg"]?.object != nil {
      let entries = PictureEntries(
        path: path, keys: keys["preprocess_cfg"]?.object ?? [:], prefix: "preprocess_cfg.")
      self.init(
        preprocessing: try ImagePreprocessing(openCLIP: keys, side: side, path: path), path: path,
        sizeKey: "image_size", declarations: said(entries, ImagePreprocessing.openCLIPKeys))
    } else if keys["architecture"]?.string != nil, keys["model_type"] == nil {
      self.init(
        preprocessing: try ImagePreprocessing(timm: keys, side: side, path: path), path: path,
        sizeKey: "input_size",
        declarations: said(
          ImagePreprocessing.timmEntries(keys, path), ImagePreprocessing.timmKeys))
    } else if let nested = keys["image_processor"]?.object ?? (isOwn ? keys : nil) {
      let read = try ImagePreprocessing(huggingFace: nested, path: path)
      let prefix = keys["image_processor"]?.object == nil ? "" : "image_processor."
      let entries = PictureEntries(path: path, keys: nested, prefix: prefix)
      self.init(
        preprocessing: side.map { read.resized(to: $0) } ?? read, path: path,
        sizeKey: read.crop == nil ? "size" : "crop_size",
        declarations: said(entries, ImagePreprocessing.huggingFaceKeys))
    } else {
      return nil
    }
  }

  /// The folder of the first module of sentence-transformers; nil where there is none of its own.
  private static func firstModule(of folder: String) -> String? {
    guard let data = try? AtomicFile.read(folder + "/modules.json"),
      let modules = JSONValue(data)?.array,
      let first = modules.first?.object, let path = first["path"]?.string, !path.isEmpty,
      !path.hasPrefix("/"), !path.contains("..")
    else { return nil }
    return folder + "/" + path
  }
}

extension ImagePreprocessing {
  static let huggingFaceKeys: [String: String] = [
    "crop_size": "cut to that size", "size": "resized to that", "resample": "the filter",
    "do_center_crop": "whether cut", "do_normalize": "whether normalized",
    "do_rescale": "whether scaled", "do_resize": "whether resized", "image_mean": "subtracted",
    "image_std": "divided by", "rescale_factor": "multiplied by",
    "image_processor_type": "what is left out", "feature_extractor_type": "what is left out",
    "default_to_square": "what one number means",
  ]

  /// For pictures of another size: what is resized to grows along.
  func resized(to side: Int) -> ImagePreprocessing {
    var other = self
    func scaled(_ old: Int) -> Int { max(1, old * side / size) }
    switch resize {
    case .none: break
    case .square(size) where crop == nil: other.resize = .square(side)
    case .square(let old): other.resize = .square(scaled(old))
    case .shorterSide(let old): other.resize = .shorterSide(scaled(old))
    case .longerSide(let old): other.resize = .longerSide(scaled(old))
    }
    other.size = side
    return other
  }
}
