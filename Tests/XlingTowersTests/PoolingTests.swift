import Foundation
import Testing
import XlingTensor
import XlingTestSupport

@testable import XlingTowers

/// Every pooling and every head against numbers worked out by hand and against their slopes.
struct PoolingTests {
  /// Two texts of three and two tokens, two columns; the third token of the first is masked.
  private let states: [Float] = [1, -2, 5, 0, 9, 9, 3, 4, -1, 8]
  private let workspace = Workspace(blockBytes: 1 << 16)

  private func rows(leading: Int = 0, keep: [UInt8]? = [1, 1, 0, 1, 1]) -> PooledRows {
    PooledRows(
      SequenceLayout(lengths: [3, 2], keep: keep), lengths: [3, 2], leading: leading, ends: [1, 3])
  }

  private func pooled(_ mode: TextPooling.Mode, _ rows: PooledRows) -> [Float] {
    let hidden = workspace.matrix(states, columns: 2)
    let out = workspace.take(2, 2)
    rows.forward(mode, hidden, into: out)
    return out.array()
  }

  @Test func vectorsAreThoseOfSentenceTransformers() {
    let half = Float(0.5).squareRoot()
    let expected: [TextPooling.Mode: [Float]] = [
      .cls: [1, -2, 3, 4], .max: [5, 0, 3, 8], .mean: [3, -1, 1, 6],
      .meanSquareRoot: [6 * half, -2 * half, 2 * half, 12 * half],
      // (1·1 + 2·5) / 3 and so on: the n-th token counts n times.
      .weightedMean: [11.0 / 3, -2.0 / 3, 1.0 / 3, 20.0 / 3],
      .last: [5, 0, -1, 8], .end: [5, 0, 3, 4],
    ]
    for (mode, vectors) in expected {
      #expect(Distance.largest(pooled(mode, rows()), vectors) < 1e-6, "\(mode)")
    }
  }

  /// A prompt of one token is left out; of the second text, whose two tokens both are prompt in the second
  /// case, all count again.
  @Test func aPromptIsLeftOut() {
    #expect(pooled(.mean, rows(leading: 1)) == [5, 0, -1, 8])
    #expect(pooled(.cls, rows(leading: 1)) == [5, 0, -1, 8])
    // Its weights stay those of its places: (2·5 + 3·9) / 5.
    #expect(pooled(.weightedMean, rows(leading: 1, keep: nil))[0] == 7.4)
    #expect(pooled(.mean, rows(leading: 2, keep: nil)) == [9, 9, 1, 6])
  }

  @Test(arguments: TextPooling.Mode.allCases)
  func slopesAreTheGradient(mode: TextPooling.Mode) {
    let rows = rows()
    let weights: [Float] = [0.5, -1, 2, 0.25]
    func value(_ states: [Float]) -> Double {
      let out = workspace.take(2, 2)
      rows.forward(mode, workspace.matrix(states, columns: 2), into: out)
      return zip(out.array(), weights).reduce(0) { $0 + Double($1.0 * $1.1) }
    }
    let gradient = workspace.zeros(5, 2)
    rows.backward(
      mode, workspace.matrix(states, columns: 2), dy: workspace.matrix(weights, columns: 2),
      addingTo: gradient)
    for place in states.indices {
      var (up, down) = (states, states)
      up[place] += 0.125
      down[place] -= 0.125
      let slope = (value(up) - value(down)) / 0.25
      #expect(abs(slope - Double(gradient.array()[place])) < 1e-4, "\(mode) \(place)")
    }
  }

  @Test(arguments: TextHead.Activation.allCases)
  func aHeadsSlopesAreItsGradient(activation: TextHead.Activation) {
    let dense = Linear("a", from: 2, to: 3)
    let other = Linear("b", from: 3, to: 2, bias: false)
    for (index, parameter) in (dense.parameters + other.parameters).enumerated() {
      for place in 0..<parameter.count {
        parameter.value[place] = Float((place * 7 + index * 3) % 11) / 10 - 0.45
      }
      parameter.isTrainable = true
    }
    let head = TextHead(
      [.dense(dense, activation), .normalize, .dense(other, .identity)], inputs: 2,
      isOfCheckpoint: false)
    let x: [Float] = [0.3, -0.8, 1.1, 0.4]
    let weights: [Float] = [1, -0.5, 0.25, 2]
    func value(_ x: [Float]) -> Double {
      zip(head.forward(workspace.matrix(x, columns: 2), in: workspace).vectors.array(), weights)
        .reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let saved = head.forward(workspace.matrix(x, columns: 2), in: workspace)
    let dx = head.backward(
      saved, dVectors: workspace.matrix(weights, columns: 2), needed: true, in: workspace)
    func slope(_ value: (Float) -> Double) -> Double { (value(0.01) - value(-0.01)) / 0.02 }
    for place in x.indices {
      let found = slope { step in
        var moved = x
        moved[place] += step
        return value(moved)
      }
      #expect(abs(found - Double(dx?.array()[place] ?? .nan)) < 2e-3, "x \(place)")
    }
    for parameter in head.parameters {
      for place in 0..<parameter.count {
        let found = slope { step in
          parameter.value[place] += step
          defer { parameter.value[place] -= step }
          return value(x)
        }
        let gradient = Double(parameter.gradient?[place] ?? .nan)
        #expect(abs(found - gradient) < 2e-3, "\(parameter.name) \(place)")
      }
    }
  }

  @Test func wordsForAPooling() {
    #expect(TextPooling("mean,cls")?.modes == [.mean, .cls])
    #expect(TextPooling("mean,") == nil && TextPooling("mean,mean") == nil)
    #expect(TextPooling("first") == nil && TextPooling("") == nil)
  }
}
