import ArgumentParser
import Foundation
import XlingCore
import XlingData

struct PixelsCommand: ParsableCommand {
  /// Normalizations by name, all of bicubic squares.
  enum Preset: String, CaseIterable, ExpressibleByArgument {
    case half, imagenet, clip

    var statistics: ChannelStatistics {
      switch self {
      case .half: .half
      case .imagenet: .imagenet
      case .clip: .clip
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "pixels",
    abstract: "Pictures as an image tower sees them: normalized tensors.",
    discussion: """
      Writes float32 pixel_values [pictures, 3, size, size], in the order of the arguments, to \
      compare with another framework or to feed xling forward.
      """)

  @Argument(help: ArgumentHelp("JPEG, PNG or WebP files.", valueName: "picture"))
  var pictures: [String]

  @Option(help: "The safetensors file to write.")
  var output: String

  @Option(
    help: """
      A tower's folder, or the file of it that says how pictures are prepared: \
      preprocessor_config.json, processor_config.json, timm's config.json, open_clip_config.json.
      """)
  var preprocessor: String?

  @Option(
    help: "Other pictures than --preprocessor says; without it the side of the square: 224.",
    transform: NumberRange.whole(1...NumberRange.pixels))
  var size: Int?

  @Option(help: "Without --preprocessor: mean and deviation (default: half).")
  var preset: Preset?

  @Option(help: "What EXIF orientation does.")
  var orientation: PictureReading.Orientation = .ignore

  @Option(help: "Pictures that stop early: strict refuses, lilt decodes as far as they go.")
  var truncated: PictureReading.Truncated = .strict

  @OptionGroup var threads: ThreadsOption

  func validate() throws {
    if preprocessor != nil, preset != nil {
      throw ValidationError("--preprocessor already says what --preset would")
    }
  }

  func run() throws {
    threads.apply()
    let lock = try FileLock(output: output)
    defer { withExtendedLifetime(lock) {} }
    let preprocessing = try preprocessing()
    let reader = PixelReader(
      reading: PictureReading(orientation: orientation, truncated: truncated),
      preprocessing: preprocessing)
    var bar = ProgressBar("pixels", total: pictures.count, unit: "pictures")
    var seconds = 0.0
    try AtomicFile.write(to: output) { append in
      try Self.header(pictures.count, preprocessing.size).withUnsafeBytes { try append($0) }
      for first in stride(from: 0, to: pictures.count, by: 64) {
        let batch = Array(pictures[first..<min(first + 64, pictures.count)])
        let began = Self.processorSeconds()
        let (tensor, damages) = try reader.read(batch)
        seconds += Self.processorSeconds() - began
        for damage in damages { warn(damage) }
        try tensor.withUnsafeBytes { try append($0) }
        bar.advance(to: first + batch.count)
      }
    }
    let rate = String(format: "%.1f", Double(pictures.count) / max(seconds, 1e-9))
    bar.finish("\(rate) pictures/s of processor time, without writing")
    let size = preprocessing.size
    print("wrote \(pictures.count) pictures of 3 x \(size) x \(size) to \(output)")
  }

  /// Of all threads.
  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func preprocessing() throws -> ImagePreprocessing {
    guard let preprocessor else {
      return ImagePreprocessing(size: size ?? 224, statistics: (preset ?? .half).statistics)
    }
    return try DeclaredPictures(at: preprocessor, side: size).preprocessing
  }

  private func warn(_ message: String) {
    ProgressBar.toStandardError("xling: warning: \(message)\n")
  }

  /// Of a safetensors file with this one tensor.
  private static func header(_ count: Int, _ size: Int) -> Data {
    var text = """
      {"pixel_values":{"dtype":"F32","shape":[\(count),3,\(size),\(size)],\
      "data_offsets":[0,\(count * 3 * size * size * 4)]}}
      """
    text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    let length = UInt64(text.utf8.count)
    return Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }) + Data(text.utf8)
  }
}

/// Files to the rows of a tensor, on all threads.
private struct PixelReader {
  let reading: PictureReading
  let preprocessing: ImagePreprocessing

  /// [paths, 3, size, size], and what was wrong with pictures that were let pass. Throws the failure
  /// of the first picture that has one.
  func read(_ paths: [String]) throws -> (tensor: [Float], damages: [String]) {
    let row = preprocessing.elementCount
    var outcomes = [Result<String?, any Error>](repeating: .success(nil), count: paths.count)
    let tensor = [Float](unsafeUninitializedCapacity: paths.count * row) { tensor, count in
      outcomes.withUnsafeMutableBufferPointer { outcomes in
        // One row and one slot are one thread's; they are read when all threads are done.
        nonisolated(unsafe) let outcomes = outcomes
        nonisolated(unsafe) let tensor = tensor
        Parallel.ranges(paths.count, grain: 1) { range in
          for index in range {
            outcomes[index] = Result {
              let result = try reading.load(path: paths[index])
              if let start = tensor.baseAddress {
                preprocessing.write(result.picture, to: start + index * row)
              }
              return result.damage.map { "\(paths[index]): \($0); decoded as far as it goes" }
            }
          }
        }
      }
      let failed = outcomes.contains { if case .failure = $0 { true } else { false } }
      count = failed ? 0 : paths.count * row
    }
    return (tensor, try outcomes.compactMap { try $0.get() })
  }
}
