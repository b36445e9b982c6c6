namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>Small logs of version 8 made in memory, segment by segment.</summary>
internal static class LogFiles
{
    public static LogVersion Version => new(8, 4000, 130, 280);

    /// <summary>A log of generation 5 whose segments hold the given bytes, the rest of each zero.</summary>
    public static byte[] Of(params byte[][] segments)
    {
        byte[] file = new byte[16 * LogBytes.Segment];
        LogCorpus.Vector("edb00005.log").AsSpan(0, LogBytes.Segment).CopyTo(file);
        for (int i = 1; i <= segments.Length; i++)
        {
            var segment = file.SegmentAt(i);
            segments[i - 1].CopyTo(segment[40..]);
            segment[37] |= 0x20;
            LogBytes.Reposition(segment, new(new(5), i, 0), i);
        }

        return file;
    }

    /// <summary>The first fragment of a record.</summary>
    public static byte[] First(uint total, params byte[] part) =>
        [76, .. BitConverter.GetBytes(total), .. BitConverter.GetBytes((ushort)part.Length), .. part];

    /// <summary>A further fragment.</summary>
    public static byte[] Next(params byte[] part) => [77, .. BitConverter.GetBytes((ushort)part.Length), .. part];

    /// <summary>All records of a log, with what the reader says of them.</summary>
    public static List<Read> ReadAll(LogRecordReader reader)
    {
        List<Read> records = [];
        while (reader.TryRead(out var record))
            records.Add(new(record.Type, record.Position, record.FirstByte, record.Bytes.ToArray()));
        return records;
    }

    /// <summary>All records of a file in memory.</summary>
    public static List<Read> ReadAll(byte[] file)
    {
        using var reader = LogRecordReader.Over(file);
        return ReadAll(reader);
    }

    /// <summary>One record, kept.</summary>
    public sealed record Read(LogRecordType Type, LogPosition Position, LogPosition FirstByte, byte[] Bytes)
    {
        public LogRecordView View => new(Bytes, Position, FirstByte);
    }
}
