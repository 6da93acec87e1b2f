import XlingCore

/// Pictures to the values that an image tower reads, on all threads.
public struct PixelLoader {
  let preprocessing: ImagePreprocessing
  let augmentation: ImageAugmentation?
  let seed: UInt64

  public init(
    preprocessing: ImagePreprocessing, augmentation: ImageAugmentation? = nil, seed: UInt64 = 0
  ) {
    self.preprocessing = preprocessing
    self.augmentation = augmentation
    self.seed = seed
  }

  /// Values of one picture.
  public var elementCount: Int { preprocessing.elementCount }

  /// Fills `pixels`, [images, ``elementCount``]. `step` and the rows of its batch, from `firstRow` on,
  /// address the augmentation; no step means none (validation, frozen towers). Throws the failure of the
  /// first picture that has one.
  public func load(
    _ images: [Int], step: Int?, firstRow: Int = 0, into pixels: UnsafeMutablePointer<Float>,
    picture: (Int) throws -> Picture
  ) throws {
    let size = preprocessing.elementCount
    var failures = [(any Error)?](repeating: nil, count: images.count)
    failures.withUnsafeMutableBufferPointer { failures in
      // A slot is one thread's; they are read when all threads are done.
      nonisolated(unsafe) let failures = failures
      nonisolated(unsafe) let pixels = pixels
      Parallel.ranges(images.count, grain: 1) { rows in
        for row in rows {
          do {
            write(
              try picture(images[row]), step: step, row: firstRow + row, to: pixels + row * size)
          } catch { failures[row] = error }
        }
      }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
  }

  private func write(
    _ picture: Picture, step: Int?, row: Int, to tensor: UnsafeMutablePointer<Float>
  ) {
    guard let augmentation, let step else {
      preprocessing.write(picture, to: tensor)
      return
    }
    var stream = RandomStream(seed: seed, "augment", step, row)
    preprocessing.normalize(
      augmentation.apply(
        to: picture, size: preprocessing.size, filter: preprocessing.filter, stream: &stream),
      to: tensor)
  }
}
