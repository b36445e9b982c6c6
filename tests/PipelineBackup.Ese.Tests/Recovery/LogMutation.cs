using System.Buffers.Binary;
using PipelineBackup.Ese.Tests.Logs;
using PipelineBackup.Ese.Tests.Simulation;

namespace PipelineBackup.Ese.Tests.Recovery;

/// <summary>
/// Logs that lie: records changed, left out, repeated, exchanged or put in from elsewhere, every checksum right again,
/// that of the generation before in the header of the next one too.
/// </summary>
internal static class LogMutation
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 20, 15, 0, 0, TimeSpan.Zero);

    /// <summary>Changes up to three logs of a disk.</summary>
    public static void Mutate(SimulatedDisk disk, Random random)
    {
        string[] logs = [.. disk.Files.Where(IsLog)];
        for (int i = random.OneIn(4) ? 3 : 1; i > 0; i--)
        {
            byte[] log = disk.ReadAll(random.Pick(logs));
            if (LogBytes.Scan(log) is not { IsGood: true, Header.Version.IsLegacy: false, LastValidSegment: > 0 })
                continue;
            byte[] lie = random.OneIn(4) ? ChangeBytes([.. log], random, most: 6) : Repack(log, disk, random);
            // The same log may be in several folders: copies that differ would be found out at once.
            foreach (string path in logs.Where(path => log.AsSpan().SequenceEqual(disk.ReadAll(path))))
                disk.Put(path, lie);
        }

        Link(disk, logs);
    }

    /// <summary>Makes each header tell the checksum of the generation before, as it now is.</summary>
    public static void Link(SimulatedDisk disk, IEnumerable<string> logs)
    {
        foreach (var folder in logs.GroupBy(Path.GetDirectoryName))
        {
            ulong before = 0;
            foreach (string path in folder.OrderBy(path => BinaryPrimitives.ReadInt32LittleEndian(disk.ReadAll(path).AsSpan(4))))
            {
                byte[] log = disk.ReadAll(path);
                var field = log.AsSpan(653, 8);
                if (before != 0 && BinaryPrimitives.ReadUInt64LittleEndian(field) is not 0 and var told && told != before)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(field, before);
                    LogBytes.StampHeader(log);
                    disk.Put(path, log);
                }

                before = LogBytes.Scan(log).AccumulatedChecksum;
            }
        }
    }

    /// <summary>Changes bytes of a header of whatever kind, wherever it has fields, and makes its checksum right.</summary>
    public static void ChangeHeader(Span<byte> header, int fields, Random random)
    {
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int at = random.Next(4, fields);
            header[at] = random.Next(5) switch
            {
                0 => (byte)random.Next(256),
                1 => 0,
                2 => 0xFF,
                3 => (byte)(header[at] + 1),
                _ => (byte)(header[at] - 1),
            };
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header, HeaderChecksum.Compute(header));
    }

    /// <summary>Whether a file is a log that recovery reads.</summary>
    public static bool IsLog(string path) => LogFileName.TryParse(Path.GetFileName(path), out var name)
        && name.Kind is LogFileKind.Current or LogFileKind.Numbered;

    /// <summary>Changes bytes of some segments, and makes their checksums right.</summary>
    /// <param name="log">The log, which is changed.</param>
    /// <param name="random">Chooses.</param>
    /// <param name="most">Fewer changes than that are made.</param>
    public static byte[] ChangeBytes(byte[] log, Random random, int most)
    {
        int last = LogBytes.Scan(log).LastValidSegment;
        for (int i = random.Next(1, most); i > 0; i--)
        {
            int index = random.Next(1, last + 1);
            var segment = log.SegmentAt(index);
            int at = random.Next(40, LogBytes.Segment);
            switch (random.Next(5))
            {
                case 0:
                    segment[at] = (byte)random.Next(256);
                    break;
                case 1:
                    segment[at..Math.Min(at + random.Next(64), LogBytes.Segment)].Clear();
                    break;
                case 2:
                    // Where the type of its first record is, as a rule.
                    segment[40] = (byte)random.Next(70, 80);
                    break;
                case 3:
                    log.SegmentAt(random.Next(1, last + 1))[40..].CopyTo(segment[40..]);
                    break;
                default:
                    segment[at..Math.Min(at + 4, LogBytes.Segment)].Fill(0xFF);
                    break;
            }

            LogBytes.StampSegment(segment, index);
        }

        return log;
    }

    private static byte[] Repack(byte[] log, SimulatedDisk disk, Random random)
    {
        var records = Records(log);
        if (records.Count < 3)
            return log;
        for (int i = random.OneIn(3) ? 6 : random.Next(1, 3); i > 0; i--)
            Change(records, disk, random);

        var scan = LogBytes.Scan(log);
        var packer = new LogPacker(scan.Header!.Generation, scan.Header.SectorCount, new FixedTime(s_now));
        byte[] made = new byte[log.Length];
        log.AsSpan(0, LogBytes.Segment).CopyTo(made);
        foreach (byte[] record in records)
        {
            if (!packer.Fits(record))
                break;
            packer.Append(record);
            Collect();
        }

        packer.Close();
        Collect();
        return made;

        void Collect()
        {
            packer.Done.CopyTo(made.AsSpan(packer.DoneIndex * LogBytes.Segment));
            packer.Take();
        }
    }

    private static void Change(List<byte[]> records, SimulatedDisk disk, Random random)
    {
        int at = random.Next(records.Count);
        switch (random.Next(10))
        {
            case 0:
                records.RemoveRange(at, Math.Min(random.Next(1, 6), records.Count - at - 1));
                break;
            case 1:
                records.Insert(random.Next(records.Count), records[at]);
                break;
            case 2:
                int other = random.Next(records.Count);
                (records[at], records[other]) = (records[other], records[at]);
                break;
            case 3:
                var foreign = Records(disk.ReadAll(random.Pick([.. disk.Files.Where(IsLog)])));
                if (foreign.Count > 0)
                    records.Insert(at, random.Pick([.. foreign]));
                break;
            default:
                // One of its kind, for kinds that are rare are as worth while as those that are not.
                bool anything = random.OneIn(8);
                var kinds = records.Where(record => anything || record.Length > PageChange.Size)
                    .GroupBy(record => record[0]).ToList();
                if (kinds.Count == 0)
                    break;
                byte[] chosen = random.Pick([.. random.Pick([.. kinds])]);
                records[records.IndexOf(chosen)] = Lie(chosen, random);
                break;
        }
    }

    // Another record of the same length. What tells who changes which page when is left alone more often than not, or it
    // would never be applied.
    private static byte[] Lie(byte[] record, Random random)
    {
        for (int tries = 0; tries < 20; tries++)
        {
            byte[] lie = [.. record];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                int at = random.OneIn(2) ? random.Next(lie.Length) : random.Next(Math.Min(lie.Length, 90));
                if (at is < 4 or (>= 8 and < 29) && !random.OneIn(8))
                    continue;
                lie[at] = random.Next(6) switch
                {
                    0 => 0,
                    1 => 0xFF,
                    2 => (byte)(lie[at] + 1),
                    3 => (byte)(lie[at] - 1),
                    4 => (byte)(lie[at] ^ (1 << random.Next(8))),
                    _ => (byte)random.Next(256),
                };
            }

            if (IsRecord(lie))
                return lie;
        }

        return record;
    }

    // What the format of segments itself uses is no record.
    private static bool IsRecord(ReadOnlySpan<byte> bytes) =>
        LogRecordCatalogue.Measure(bytes) == bytes.Length && bytes[0] is not (0 or 76 or 77);

    private static List<byte[]> Records(byte[] log)
    {
        var records = new List<byte[]>();
        if (!LogBytes.Scan(log).IsGood)
            return records;
        using var reader = LogRecordReader.Over(log);
        try
        {
            while (reader.TryRead(out var record))
            {
                if (IsRecord(record.Bytes))
                    records.Add(record.Bytes.ToArray());
            }
        }
        catch (EseException)
        {
            // Changed before: what is before the damage will do.
        }

        return records;
    }
}
