/// Where words stand beside the marks of a plot, so that they cover neither one another nor, where it can be helped,
/// a mark: greedy, in the order of the marks, over places around each, the nearest first (Christensen, Marks and
/// Shieber 1995 compare such ways). In pixels, y growing downwards.
struct LabelPlacement {
  struct Mark {
    var x: Double
    var y: Double
    /// Ends of its interval's bar, where words may not stand either.
    var top: Double
    var bottom: Double
    /// Empty: nothing stands beside it.
    var label: String
  }

  struct Place: Equatable {
    var x: Double
    /// Of the line that letters stand on.
    var y: Double
    /// Which end of the words is at x.
    var anchor: String
    /// So far from its mark that a line has to lead there.
    var isFar: Bool
  }

  struct Box {
    var left: Double
    var right: Double
    var top: Double
    var bottom: Double

    func overlap(_ other: Box) -> Double {
      max(0, min(right, other.right) - max(left, other.left))
        * max(0, min(bottom, other.bottom) - max(top, other.top))
    }
  }

  typealias Offset = (dx: Double, dy: Double, anchor: String)

  /// Of a letter, on average; above and below the line that letters stand on.
  var letter: Double
  var rise: Double
  var fall: Double
  /// From the mark, close to it and further away. Without places far away a mark in a crowd goes without words.
  var near: [Offset]
  var far: [Offset]

  /// For few marks, each of which is named.
  static let everyMark = LabelPlacement(
    letter: 6.8, rise: 11, fall: 4,
    near: [(8, -6, "start"), (8, 15, "start"), (-8, -6, "end"), (-8, 15, "end")],
    far: [22, 38, 54, 70, 86].flatMap(LabelPlacement.away))

  /// Four places so many pixels above and below a mark.
  private static func away(_ pixels: Double) -> [Offset] {
    let below = pixels + 8
    return [
      (14, -pixels, "start"), (14, below, "start"), (-14, -pixels, "end"), (-14, below, "end"),
    ]
  }

  /// For many, of whom those in a crowd are named by the table beside the plot alone.
  static let crowd = LabelPlacement(
    letter: 6.4, rise: 9, fall: 1.5,
    near: [
      (5.5, 4, "start"), (-5.5, 4, "end"), (0, -6.5, "middle"), (0, 14, "middle"),
      (4.5, -4.5, "start"), (4.5, 12, "start"), (-4.5, -4.5, "end"), (-4.5, 12, "end"),
    ], far: [])

  /// A place for each mark; nil without words, and, in a crowd, where all are taken. `bounds` nil: none.
  func places(_ marks: [Mark], within bounds: Box? = nil) -> [Place?] {
    let solid = marks.map { mark in
      [
        Box(left: mark.x - 3.5, right: mark.x + 3.5, top: mark.y - 3.5, bottom: mark.y + 3.5),
        Box(left: mark.x - 1, right: mark.x + 1, top: mark.top, bottom: mark.bottom),
      ]
    }
    var words: [Box] = []
    return marks.enumerated().map { index, mark in
      guard !mark.label.isEmpty else { return nil }
      let others = solid.enumerated().filter { $0.offset != index }.flatMap(\.element)
      var best: (cost: Double, place: Place, box: Box)?
      for (number, offset) in (near + far).enumerated() {
        let place = Place(
          x: mark.x + offset.dx, y: mark.y + offset.dy, anchor: offset.anchor,
          isFar: number >= near.count)
        let box = box(mark.label, place)
        let covered = words.reduce(0) { $0 + $1.overlap(box) }
        if covered > 0, far.isEmpty { continue }
        let cost =
          1e6 * (bounds.map { Self.outside(box, $0) } ?? 0) + 1e3 * covered
          + others.reduce(0) { $0 + $1.overlap(box) }
        if cost < best?.cost ?? .infinity { best = (cost, place, box) }
        if cost == 0 { break }
      }
      if let best { words.append(best.box) }
      return best?.place
    }
  }

  private static func outside(_ box: Box, _ bounds: Box) -> Double {
    max(0, bounds.left - box.left) + max(0, box.right - bounds.right)
      + max(0, bounds.top - box.top) + max(0, box.bottom - bounds.bottom)
  }

  func box(_ label: String, _ place: Place) -> Box {
    let width = letter * Double(label.unicodeScalars.count)
    let left =
      switch place.anchor {
      case "start": place.x
      case "end": place.x - width
      default: place.x - width / 2
      }
    return Box(left: left, right: left + width, top: place.y - rise, bottom: place.y + fall)
  }
}
