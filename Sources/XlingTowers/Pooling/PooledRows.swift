import XlingCore
import XlingTensor

/// Which rows of a batch's last hidden states count in pooling.
struct PooledRows {
  /// The first row of each sequence, counted or not.
  let starts: [Int]
  /// Of each sequence, in order; never empty.
  let rows: [[Int]]
  /// CLIP's end token of each sequence; empty where no tower asks for it.
  let ends: [Int]

  /// All rows of a sequence that are kept, but for its first `leading` tokens. `lengths` are those of the
  /// texts: `layout` may have a learned prompt's rows behind each. Where nothing is left, all rows of the
  /// sequence count.
  init(_ layout: SequenceLayout, lengths: [Int], leading: Int, ends: [Int]) {
    starts = layout.offsets.dropLast().map { Int($0) }
    rows = zip(starts, lengths).map { start, length in
      let all = Array(start..<start + length)
      let kept = all.filter { $0 - start >= leading && layout.keep?[$0] != 0 }
      return kept.isEmpty ? all : kept
    }
    self.ends = ends
  }

  var sequences: Int { starts.count }

  /// The one row that a mode reads of each sequence; nil for modes that read several.
  func single(_ mode: TextPooling.Mode) -> [Int]? {
    switch mode {
    case .cls: rows.map { $0[0] }
    case .last: rows.map { $0[$0.count - 1] }
    case .end: ends
    case .max, .mean, .meanSquareRoot, .weightedMean: nil
    }
  }

  /// What each counted row of a sequence is multiplied by.
  private func factors(_ mode: TextPooling.Mode, _ sequence: Int) -> (
    of: (Int) -> Float, all: Float
  ) {
    let rows = rows[sequence]
    switch mode {
    case .meanSquareRoot: return ({ _ in 1 }, 1 / Float(rows.count).squareRoot())
    case .weightedMean:
      let first = starts[sequence] - 1
      let sum = rows.reduce(Float(0)) { $0 + Float($1 - first) }
      return ({ Float($0 - first) }, 1 / sum)
    default: return ({ _ in 1 }, 1 / Float(rows.count))
    }
  }

  /// hidden [rows, width] into y [sequences, width], which may be a slice of columns.
  func forward(_ mode: TextPooling.Mode, _ hidden: Matrix, into y: Matrix) {
    let width = hidden.columns
    if let single = single(mode) {
      for (sequence, row) in single.enumerated() {
        y.row(sequence).update(from: hidden.row(row), count: width)
      }
      return
    }
    Parallel.ranges(sequences, grain: 8) { range in
      for sequence in range {
        let out = y.row(sequence)
        guard mode != .max else {
          out.update(from: hidden.row(rows[sequence][0]), count: width)
          for row in rows[sequence].dropFirst() {
            let state = hidden.row(row)
            for column in 0..<width where state[column] > out[column] {
              out[column] = state[column]
            }
          }
          continue
        }
        out.update(repeating: 0, count: width)
        let factors = factors(mode, sequence)
        for row in rows[sequence] {
          let (state, factor) = (hidden.row(row), factors.of(row))
          for column in 0..<width { out[column] += factor * state[column] }
        }
        for column in 0..<width { out[column] *= factors.all }
      }
    }
  }

  /// Adds to dHidden [rows, width] from dy [sequences, width]. Of several largest numbers the first gets
  /// the gradient.
  func backward(_ mode: TextPooling.Mode, _ hidden: Matrix, dy: Matrix, addingTo dHidden: Matrix) {
    let width = hidden.columns
    if let single = single(mode) {
      for (sequence, row) in single.enumerated() {
        let (source, target) = (dy.row(sequence), dHidden.row(row))
        for column in 0..<width { target[column] += source[column] }
      }
      return
    }
    Parallel.ranges(sequences, grain: 8) { range in
      for sequence in range {
        let source = dy.row(sequence)
        guard mode != .max else {
          for column in 0..<width {
            var best = rows[sequence][0]
            for row in rows[sequence].dropFirst()
            where hidden.row(row)[column] > hidden.row(best)[column] { best = row }
            dHidden.row(best)[column] += source[column]
          }
          continue
        }
        let factors = factors(mode, sequence)
        for row in rows[sequence] {
          let (target, factor) = (dHidden.row(row), factors.of(row) * factors.all)
          for column in 0..<width { target[column] += factor * source[column] }
        }
      }
    }
  }
}
