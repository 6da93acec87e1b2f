import XlingCore
import XlingRuns

extension TrunkPlan {
  /// What is kept of frozen layers, and what is not though it would be worth it; nothing for what goes without
  /// saying.
  var lines: [String] { sides.compactMap(line) }

  private func line(_ side: Side) -> String? {
    guard let demand = side.demand else { return nil }
    let what =
      "the \(side.side) tower's \(demand.trunk.depth) lowest of \(demand.trunk.layers) layers"
    let items = side.side == .text ? "captions" : "pictures"
    let size = "\(demand.items) \(items), \(ByteSize.text(demand.bytes))"
    switch side.verdict {
    case .kept(let there):
      let found = there > 0 ? ", \(ByteSize.text(there)) of it there" : ""
      return "xling: keeps what \(what) compute: \(size) in \(folder)\(found)"
    case .overLimit(let limit, let taken):
      return "xling: does not keep what \(what) compute: \(size), where "
        + "\(ByteSize.text(taken)) of \(ByteSize.text(limit)) are taken (--cache-trunk keeps it all the same)"
    case .diskTooSmall(let free):
      return
        "xling: does not keep what \(what) compute: \(size), and \(ByteSize.text(free)) are free "
        + "where the store lies"
    case .hindered(let hindrance):
      // Who trains a tower from below knows.
      guard hindrance != .trainedFromBelow else { return nil }
      return "xling: does not keep what \(what) compute: \(hindrance.description)"
    case .seenRarely: return nil
    }
  }
}
