import CKernels
import XlingCore

/// Where each sequence of a batch lies: rows lie one after another, without padding.
public struct SequenceLayout {
  /// Sequence s has the rows offsets[s]..<offsets[s + 1]. [sequences + 1]
  public let offsets: [Int32]
  /// One byte a row; rows of 0 are attended to by no row of their sequence. nil: no such rows,
  /// which is how everything but input padded elsewhere comes.
  public let keep: [UInt8]?

  /// `keep`, when given, has one byte for each row of all sequences.
  public init(lengths: [Int], keep: [UInt8]? = nil) {
    var offsets: [Int32] = [0]
    offsets.reserveCapacity(lengths.count + 1)
    for length in lengths { offsets.append(offsets.last! + Int32(length)) }
    precondition(keep == nil || keep?.count == Int(offsets.last!), "a byte for each row")
    self.offsets = offsets
    self.keep = keep
  }

  public var sequences: Int { offsets.count - 1 }
  public var rows: Int { Int(offsets.last!) }
  public func length(_ sequence: Int) -> Int { Int(offsets[sequence + 1] - offsets[sequence]) }
}

/// Scaled dot-product attention of every head of every sequence (Vaswani et al. 2017, eq. 1).
public struct Attention {
  public let heads: Int
  /// Width of one head.
  public let size: Int
  /// What the products of queries and keys are multiplied by.
  public let scale: Float

  /// `scale` is 1 / sqrt(size) unless given.
  public init(heads: Int, size: Int, scale: Float? = nil) {
    self.heads = heads
    self.size = size
    self.scale = scale ?? 1 / Float(size).squareRoot()
  }

  /// Numbers added to the scores by head and by how far the key lies behind the query.
  public struct Bias {
    /// [heads, 2 * reach + 1]; the middle column is the query's own place.
    public let values: Matrix
    /// At least the longest sequence less one.
    public var reach: Int { values.columns / 2 }

    public init(_ values: Matrix) {
      precondition(values.isContiguous && values.columns % 2 == 1)
      self.values = values
    }
  }

  /// qkv [rows, 3 * heads * size] (queries, keys, values side by side) into context
  /// [rows, heads * size]. `dropout` leaves some weights out. Nothing is kept: the way back computes the
  /// weights again.
  public func forward(
    _ qkv: Matrix, _ layout: SequenceLayout, bias: Bias? = nil, dropout: Dropout? = nil,
    into context: Matrix
  ) {
    check(bias, layout)
    precondition(dropout.map { $0.keys.count == layout.rows } ?? true, "a key for each row")
    Parallel.ranges(layout.sequences, grain: grain(layout)) { range in
      let status = Self.withDraw(dropout) { draw in
        xk_attention(
          qkv.pointer, layout.offsets, layout.keep, Int32(range.lowerBound),
          Int32(range.upperBound), Int32(heads), Int32(size), scale, bias?.values.pointer,
          Int64(bias?.reach ?? 0), draw, context.pointer)
      }
      precondition(status == 0, "out of memory")
    }
  }

  /// dqkv [rows, 3 * heads * size] from dcontext [rows, heads * size]; `qkv`, `layout`, `bias` and `dropout`
  /// are those of the way forward. `dBias`, when given, gets the bias's gradient of each sequence added,
  /// [sequences * heads, 2 * reach + 1]: apart, so that sums do not depend on threads.
  public func backward(
    _ qkv: Matrix, _ layout: SequenceLayout, bias: Bias? = nil, dropout: Dropout? = nil,
    dcontext: Matrix, into dqkv: Matrix, dBias: Matrix? = nil
  ) {
    check(bias, layout)
    if let dBias {
      precondition(dBias.rows == layout.sequences * heads)
      check(Bias(dBias), layout)
      precondition(bias.map { $0.reach == dBias.columns / 2 } ?? true, "one reach for both")
    }
    let reach = bias?.reach ?? (dBias?.columns ?? 0) / 2
    Parallel.ranges(layout.sequences, grain: grain(layout)) { range in
      let status = Self.withDraw(dropout) { draw in
        xk_attention_backward(
          qkv.pointer, layout.offsets, layout.keep, Int32(range.lowerBound),
          Int32(range.upperBound), Int32(heads), Int32(size), scale, bias?.values.pointer,
          Int64(reach), draw, dcontext.pointer, dqkv.pointer, dBias?.pointer)
      }
      precondition(status == 0, "out of memory")
    }
  }

  private static func withDraw(
    _ dropout: Dropout?, _ body: (UnsafePointer<xk_dropout_draw>?) -> Int32
  ) -> Int32 {
    guard let dropout else { return body(nil) }
    return dropout.withDraw { draw in withUnsafePointer(to: draw) { body($0) } }
  }

  private func check(_ bias: Bias?, _ layout: SequenceLayout) {
    guard let bias else { return }
    let longest = (0..<layout.sequences).map(layout.length).max() ?? 0
    precondition(longest <= bias.reach + 1, "a bias for every distance within a sequence")
  }

  /// At least 128 rows a range.
  private func grain(_ layout: SequenceLayout) -> Int {
    max(1, 128 * layout.sequences / max(layout.rows, 1))
  }
}
