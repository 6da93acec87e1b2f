import XlingCore

/// Leaves out part of each training picture's patches, other ones every time (PatchDropout, Liu et al.
/// 2022; FLIP, Li et al. 2023): the image tower's work falls with the patches, and what is left still
/// shows the picture.
struct PatchDropout {
  /// Of a whole picture.
  let patches: Int
  /// Of them left out, in 0 ..< 1.
  let share: Double
  let seed: UInt64

  /// What is left of the picture in a row of a step's batch: indices in rising order.
  func kept(step: Int, row: Int) -> [Int32] {
    var stream = RandomStream(seed: seed, "patches", step, row)
    var all = (0..<Int32(patches)).map { $0 }
    stream.shuffle(&all)
    return all.prefix(max(1, patches - Int(Double(patches) * share))).sorted()
  }
}
