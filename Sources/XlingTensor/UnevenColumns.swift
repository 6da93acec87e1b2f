import CKernels
import COpenBLAS
import Synchronization
import XlingCore

/// Columns of a product that OpenBLAS computes in two ways, by where a row lies.
///
/// Its Haswell and Zen kernels (0.3.21) walk through C in strips of twelve rows and blocks of some
/// hundred columns. In the first and last eight columns of each block, one half of a strip is summed
/// over even and odd places of k apart; everything else is one chain of multiply-adds. Here the chain
/// is computed for these too, about one number in forty of a tower's, so that a row's bits are the same
/// anywhere.
/// Nothing is presumed of the kernels but their strips: what is uneven is measured, once a shape.
struct UnevenColumns: Sendable {
  struct Shape: Hashable, Sendable {
    let columns: Int
    let inner: Int
    let transposeB: Bool
  }

  /// Starts of groups of eight columns that need the chain in the first (second) half of a strip.
  private(set) var halves: [[Int]] = [[], []]
  /// Where sums over k are begun anew.
  private(set) var ends: [Int64]

  var isEmpty: Bool { halves.allSatisfy(\.isEmpty) }

  private static let known = Mutex<[Shape: UnevenColumns]>([:])

  static func of(_ shape: Shape, leastRows: Int) -> UnevenColumns {
    if let found = known.withLock({ $0[shape] }) { return found }
    let measured = UnevenColumns(shape, leastRows: leastRows)
    known.withLock { $0[shape] = measured }
    return measured
  }

  private static let strip = Int(XK_STRIP_ROWS)
  /// Different rows that are tried, each in all twelve places: two ways of adding up agree by chance in
  /// some of their columns.
  private static let tried = 4

  private init(_ shape: Shape, leastRows: Int) {
    ends = [Int64(shape.inner)]
    let (n, k) = (shape.columns, shape.inner)
    let rows = max(leastRows, Self.tried * Self.strip)
    let numbers = UnsafeMutablePointer<Float>.allocate(capacity: rows * (k + n) + n * k)
    defer { numbers.deallocate() }
    var stream = RandomStream(seed: 0, "matmul/places")
    let a = Matrix(numbers, rows: rows, columns: k)
    for row in 0..<rows {
      for column in 0..<k {
        a[row, column] =
          row % Self.strip == 0 ? Float(stream.uniform(-1, 1)) : a[row - 1, column]
      }
    }
    let c = Matrix(numbers + rows * k, rows: rows, columns: n)
    let bStart = numbers + rows * (k + n)
    for index in 0..<n * k { bStart[index] = Float(stream.uniform(-1, 1)) }
    let b = Matrix(bStart, rows: shape.transposeB ? n : k, columns: shape.transposeB ? k : n)
    xling_sgemm(
      0, shape.transposeB ? 1 : 0, Int32(rows), Int32(n), Int32(k), 1, a.pointer, Int32(k),
      b.pointer, Int32(b.stride), 0, c.pointer, Int32(n))
    let uneven = Self.unevenGroups(c)
    guard !uneven.isEmpty else { return }
    choose(uneven, a, b, shape, c)
  }

  /// Starts of groups of eight columns in which equal rows differ.
  private static func unevenGroups(_ c: Matrix) -> [Int] {
    stride(from: 0, to: c.columns - 7, by: 8).filter { group in
      (0..<tried * strip).contains { row in
        (group..<group + 8).contains { c[row, $0] != c[row - row % strip, $0] }
      }
    }
  }

  /// Which halves leave the chain, under the beginnings of sums that fit best. A group that fits none
  /// is taken for both halves: then all its rows are computed here.
  private mutating func choose(
    _ groups: [Int], _ a: Matrix, _ b: Matrix, _ shape: Shape, _ c: Matrix
  ) {
    var best: (ends: [Int64], halves: [[Int]])?
    for ends in Self.candidates(shape.inner) {
      self.ends = ends
      halves = [groups, groups]
      let found = halves.indices.map { half in
        groups.filter { !agrees($0, half: half, a, b, shape, c) }
      }
      if found.joined().count < best?.halves.joined().count ?? .max { best = (ends, found) }
    }
    if let best { (ends, halves) = best }
  }

  /// Whether OpenBLAS's numbers in these places are those of the chain.
  private func agrees(
    _ group: Int, half: Int, _ a: Matrix, _ b: Matrix, _ shape: Shape, _ c: Matrix
  ) -> Bool {
    let rows = Self.tried * Self.strip
    let work = Work(self, only: (half, group), b, shape)
    let chain = work.products(a.slice(rows: 0..<rows), c.slice(rows: 0..<rows), 1, 0)
    let copy = UnsafeMutablePointer<Float>.allocate(capacity: rows * c.columns)
    defer { copy.deallocate() }
    copy.update(from: c.pointer, count: rows * c.columns)
    work.place(chain, into: Matrix(copy, rows: rows, columns: c.columns))
    return (0..<rows * c.columns).allSatisfy { copy[$0] == c.pointer[$0] }
  }

  /// How level3.c cuts k for a buffer of so many numbers; without a cut for other libraries.
  private static func candidates(_ k: Int) -> [[Int64]] {
    var all: [[Int64]] = [[Int64(k)]]
    for most in [320, 384, 256, 448, 512, 640, 768, 192, 128] where k > most {
      var ends: [Int64] = []
      var done = 0
      while done < k {
        let left = k - done
        done += left >= 2 * most ? most : left > most ? (left / 2 + 7) / 8 * 8 : left
        ends.append(Int64(done))
      }
      all.append(ends)
    }
    return all
  }
}

extension UnevenColumns {
  /// The columns' part of one product: B's columns, packed once for all threads.
  final class Work: @unchecked Sendable {
    private let pairs: [(first: Int64, columns: (Int64, Int64))]
    private let packed: UnsafeMutablePointer<Float>
    private let ends: [Int64]
    private let inner: Int

    convenience init(_ uneven: UnevenColumns, _ b: Matrix, _ shape: Shape) {
      self.init(uneven.halves, uneven.ends, b, shape)
    }

    convenience init(
      _ uneven: UnevenColumns, only part: (half: Int, group: Int), _ b: Matrix, _ shape: Shape
    ) {
      self.init(
        (0..<2).map { $0 == part.half ? [part.group] : [] }, uneven.ends, b, shape)
    }

    private init(_ halves: [[Int]], _ ends: [Int64], _ b: Matrix, _ shape: Shape) {
      self.ends = ends
      inner = shape.inner
      pairs = halves.enumerated().flatMap { half, groups in
        stride(from: 0, to: groups.count, by: 2).map { index in
          // An odd group out is computed twice.
          (Int64(half * 6), (Int64(groups[index]), Int64(groups[min(index + 1, groups.count - 1)])))
        }
      }
      packed = .allocate(capacity: max(pairs.count, 1) * inner * 16)
      for (index, pair) in pairs.enumerated() {
        let target = packed + index * inner * 16
        for lane in 0..<16 {
          let column = Int(lane < 8 ? pair.columns.0 : pair.columns.1) + lane % 8
          if shape.transposeB {
            let row = b.row(column)
            for l in 0..<inner { target[l * 16 + lane] = row[l] }
          } else {
            for l in 0..<inner { target[l * 16 + lane] = b[l, column] }
          }
        }
      }
    }

    deinit { packed.deallocate() }

    private func strips(_ index: Int, _ rows: Int) -> xk_half_strips {
      xk_half_strips(rows: Int64(rows), first: pairs[index].first, columns: pairs[index].columns)
    }

    private func room(_ rows: Int) -> Int { (rows + 11) / 12 * 6 * 16 }

    /// alpha * A B + beta * C in these columns. Ask before C is written.
    func products(_ a: Matrix, _ c: Matrix, _ alpha: Float, _ beta: Float) -> [Float] {
      let room = room(a.rows)
      return [Float](unsafeUninitializedCapacity: pairs.count * room) { out, count in
        count = out.count
        guard let start = out.baseAddress else { return }
        for index in pairs.indices {
          var strips = strips(index, a.rows)
          xk_strip_product(
            &strips, Int64(inner), ends, Int64(ends.count), alpha, a.pointer, Int64(a.stride),
            packed + index * inner * 16, beta, c.pointer, Int64(c.stride), start + index * room)
        }
      }
    }

    func place(_ products: [Float], into c: Matrix) {
      products.withUnsafeBufferPointer { products in
        guard let start = products.baseAddress else { return }
        for index in pairs.indices {
          var strips = strips(index, c.rows)
          xk_strip_place(&strips, start + index * room(c.rows), c.pointer, Int64(c.stride))
        }
      }
    }
  }
}
