/// A piece of a chunk: chunks are stretches of normalized text that are segmented alone, for the
/// most part words with the ▁ ahead of them.
struct ChunkToken: BitwiseCopyable {
  var id: Int32
  /// Where it ends in its chunk, in bytes.
  var end: Int32
  /// What it adds to the path's score.
  var score: Float
}
