import XlingCore

/// Looks for NaN and infinity in tensors where they lie in their files. It maps the files for itself, so that the
/// pages of a block can be given back once it was looked at: in a tower's mapping training may have written to them.
struct NonFiniteScan {
  /// Its own mappings, by those that tensors have.
  private var files: [ObjectIdentifier: MappedFile] = [:]

  /// Numbers that a thread looks at between two blocks.
  private static let block = MappedFile.block / MemoryLayout<Float>.stride

  /// Nil for a tensor that a tower cannot use where it lies, and for a file that has another size by now. Throws
  /// ``FileFailure``.
  mutating func finds(in tensor: StoredTensor) throws -> Bool? {
    guard tensor.isPlain else { return nil }
    let key = ObjectIdentifier(tensor.file)
    let file = try files[key] ?? MappedFile(path: tensor.file.path)
    files[key] = file
    guard file.count == tensor.file.count, let start = file.start else { return nil }
    let numbers = UnsafeBufferPointer(
      start: (start + tensor.offset).assumingMemoryBound(to: Float.self), count: tensor.count)
    let blocks = (tensor.count + Self.block - 1) / Self.block
    return withUnsafeTemporaryAllocation(of: Bool.self, capacity: blocks) { found in
      Parallel.ranges(tensor.count, grain: Self.block) { range in
        found[range.lowerBound / Self.block] =
          UnsafeBufferPointer(rebasing: numbers[range]).holdsNonFinite
        let width = MemoryLayout<Float>.stride
        file.release(
          tensor.offset + range.lowerBound * width..<tensor.offset + range.upperBound * width)
      }
      return found.contains(true)
    }
  }
}
