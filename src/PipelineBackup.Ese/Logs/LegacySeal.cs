namespace PipelineBackup.Ese;

/// <summary>Ends the chain of checksum records of a log of version 7 where it is sound.</summary>
/// <remarks>
/// <code>
/// the record is damaged, its shadow is whole      the shadow is copied
/// the record was never written                    an empty one is put in its place; what stands before it is void
/// only the first sector of its range is there     the range is cut to the whole records of that sector
/// </code>
/// The sector that ends the chain is written as a shadow behind itself first: a crash leaves one of the two.
/// </remarks>
internal static class LegacySeal
{
    /// <summary>Mends the file.</summary>
    /// <param name="file">The log, open for writing.</param>
    /// <param name="header">Its header.</param>
    /// <exception cref="EseException">−501: it cannot be mended.</exception>
    public static void Apply(IDiskFile file, LogHeader header)
    {
        byte[] now = new byte[header.FileLength];
        if (file.Read(now, 0) != now.Length)
            throw Damaged(header);
        byte[] then = [.. now];
        int sector = End(then, header);
        if (new LegacyScan((byte[])[.. then], header).Run() is not { IsGood: true, TornSegment: 0 })
            throw Damaged(header);
        int size = header.SectorSize, last = sector * size;
        // The sector that ends the chain comes last, its shadow before it.
        for (int at = now.Length - size; at > last + size; at -= size)
            WriteChanged(file, now, then, at, size);
        file.Flush();
        WriteChanged(file, now, then, last + size, size);
        file.Flush();
        WriteChanged(file, now, then, last, size);
    }

    // Mends the bytes; the sector that the chain ends in.
    private static int End(byte[] bytes, LogHeader header)
    {
        int size = header.SectorSize;
        var torn = new LegacyScan(bytes, header).Run();
        var scan = new LegacyScan(bytes, header);
        if (scan.Run().TornSegment == 0)
            return torn.TornSegment;
        int at = LogHeader.Size, end;
        if (scan.Links is [.., var last] && last.End < last.At + LegacyLogChecksum.Size + (long)last.Record.Forwards)
        {
            at = last.At;
            end = Math.Max(at + LegacyLogChecksum.Size, EndOfRecords(bytes, header));
            Fill(bytes, (at / size + 1) * size, last.At + LegacyLogChecksum.Size + (int)last.Record.Forwards);
        }
        else
        {
            if (scan.Links is [.., var link])
                at = link.At + LegacyLogChecksum.Size + (int)link.Record.Next;
            end = at + LegacyLogChecksum.Size;
            if (at % size + LegacyLogChecksum.Size > size || end > bytes.Length - size)
                throw Damaged(header);
            bytes.AsSpan(at / size * size, size).Clear();
        }

        int back = scan.Links is [.., var of] && of.At == at ? (int)of.Record.Backwards : 0;
        Terminate(bytes, header, at, end, back);
        return at / size;
    }

    private static void Terminate(byte[] bytes, LogHeader header, int at, int end, int back)
    {
        int size = header.SectorSize, sector = at / size * size;
        var record = new LegacyLogChecksum(
            (uint)back, (uint)(end - at - LegacyLogChecksum.Size), 0, 0, 0, LegacyLogChecksum.ShortAbsent);
        uint sum = record.ComputeLong(
            bytes.AsSpan(at - back, back), bytes.AsSpan((at + LegacyLogChecksum.Size)..end), header.Generation);
        (record with { Long = sum }).Write(bytes.AsSpan(at));
        bytes.AsSpan(sector, size).CopyTo(bytes.AsSpan(sector + size));
        (record with { Long = sum ^ LegacyLogChecksum.ShadowMask }).Write(bytes.AsSpan(at + size));
    }

    private static int EndOfRecords(byte[] bytes, LogHeader header)
    {
        using var reader = LegacyRecordReader.Over((byte[])[.. bytes], header);
        var end = reader.Position;
        while (reader.TryRead(out _))
            end = reader.Position;
        return end.Sector * header.SectorSize + end.Offset;
    }

    private static void Fill(byte[] bytes, int from, int to)
    {
        for (int at = from; at < to; at += LegacyLogChecksum.Pattern.Length)
            LegacyLogChecksum.Pattern.CopyTo(bytes.AsSpan(at));
    }

    private static void WriteChanged(IDiskFile file, byte[] now, byte[] then, int at, int size)
    {
        if (!now.AsSpan(at, size).SequenceEqual(then.AsSpan(at, size)))
            file.Write(then.AsSpan(at, size), at);
    }

    private static EseException Damaged(LogHeader header) => new(EseError.LogFileCorrupt,
        $"the end of generation {header.Generation} cannot be mended", "take the file from another copy or backup");
}
