using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Text;

/// <summary>A whole log file in the words of the engine's own dump: header, end, segments and records.</summary>
internal static class LogRecordsText
{
    /// <summary>Segments and records, each segment before the first record that ends in it or behind it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="reader">The records, from the start.</param>
    /// <param name="segments">The valid segments; none in version 7.</param>
    /// <param name="cancellationToken">Ends it between two records.</param>
    /// <returns>How many records there are.</returns>
    /// <exception cref="EseException">−501: the bytes are no records.</exception>
    public static long Write(
        TextWriter writer, LogRecordReader reader, IReadOnlyList<LogSegment> segments,
        CancellationToken cancellationToken = default)
    {
        long count = 0;
        int next = 0;
        var version = reader.Header.Version;
        while (reader.TryRead(out var record))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var end = reader.Position;
            int last = end.Offset == 0 ? end.Sector - 1 : end.Sector;
            while (next < segments.Count && segments[next].Index <= last)
                LogHeaderText.WriteSegment(writer, segments[next++]);
            LogRecordText.Write(writer, record, version);
            count++;
        }

        while (next < segments.Count)
            LogHeaderText.WriteSegment(writer, segments[next++]);
        return count;
    }
}
