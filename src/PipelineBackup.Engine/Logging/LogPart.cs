namespace PipelineBackup.Engine;

/// <summary>Segments of a generation that is full, on their way to its file, and the header of the next one.</summary>
/// <param name="Segments">The segments.</param>
/// <param name="First">Index of the first.</param>
/// <param name="NextHeader">The header, to be finished when the checksums of the segments are known.</param>
internal sealed record LogPart(byte[] Segments, int First, byte[] NextHeader);
