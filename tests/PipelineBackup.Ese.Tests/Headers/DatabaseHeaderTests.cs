using System.Reflection;
using PipelineBackup.Golden;

namespace PipelineBackup.Ese.Tests.Headers;

public class DatabaseHeaderTests
{
    // Every field at its place, in the order of the format; each gives back the bytes it was read from.
    private static readonly (int Offset, int Size, string Name, Func<DatabaseHeader, byte[]>? Stored)[] s_layout =
    [
        (0, 4, "Checksum", h => Word(h.Checksum)),
        (4, 4, "Magic", h => Word(h.Magic)),
        (8, 4, "Version", h => Word(h.Version.Main)),
        (12, 4, "Attribute", h => Word(h.Attribute)),
        (16, 8, "DbTime", h => Long(h.DbTime.Value)),
        (24, 28, "Signature", h => Sign(h.Signature)),
        (52, 4, "State", h => Word((uint)h.State)),
        (56, 8, "Consistent", h => Long(h.Consistent.Value)),
        (64, 8, "ConsistentTime", h => Long(h.ConsistentTime.Value)),
        (72, 8, "AttachTime", h => Long(h.AttachTime.Value)),
        (80, 8, "Attach", h => Long(h.Attach.Value)),
        (88, 8, "DetachTime", h => Long(h.DetachTime.Value)),
        (96, 8, "Detach", h => Long(h.Detach.Value)),
        (104, 4, "DatabaseId", h => Word(h.DatabaseId)),
        (108, 28, "LogSignature", h => Sign(h.LogSignature)),
        (136, 24, "PreviousFull", h => Backup(h.PreviousFull)),
        (160, 24, "PreviousIncremental", h => Backup(h.PreviousIncremental)),
        (184, 24, "CurrentFull", h => Backup(h.CurrentFull)),
        (208, 4, "Flags", h => Word(h.Flags)),
        (212, 4, "LastObject", h => Word(h.LastObject.Value)),
        (216, 4, "OperatingSystemMajor", h => Word(h.OperatingSystemMajor)),
        (220, 4, "OperatingSystemMinor", h => Word(h.OperatingSystemMinor)),
        (224, 4, "OperatingSystemBuild", h => Word(h.OperatingSystemBuild)),
        (228, 4, "OperatingSystemServicePack", h => Word(h.OperatingSystemServicePack)),
        (232, 4, "Version.UpdateMajor", h => Word(h.Version.UpdateMajor)),
        (236, 4, "StoredPageSize", h => Word(h.StoredPageSize)),
        (240, 4, "RepairCount", h => Word(h.RepairCount)),
        (244, 8, "RepairTime", h => Long(h.RepairTime.Value)),
        (252, 28, "reserved", null),
        (280, 8, "LastScrub", h => Long(h.LastScrub.Value)),
        (288, 8, "ScrubTime", h => Long(h.ScrubTime.Value)),
        (296, 4, "MinRequired", h => Word(h.MinRequired)),
        (300, 4, "MaxRequired", h => Word(h.MaxRequired)),
        (304, 4, "UpgradeFormatPages", h => Word(h.UpgradeFormatPages)),
        (308, 4, "UpgradeFreePages", h => Word(h.UpgradeFreePages)),
        (312, 4, "UpgradeSpaceMapPages", h => Word(h.UpgradeSpaceMapPages)),
        (316, 24, "CurrentSnapshot", h => Backup(h.CurrentSnapshot)),
        (340, 4, "CreatedVersion", h => Word(h.CreatedVersion.Main)),
        (344, 4, "CreatedVersion.UpdateMajor", h => Word(h.CreatedVersion.UpdateMajor)),
        (348, 8, "MaxCommittedTime", h => Long(h.MaxCommittedTime.Value)),
        (356, 4, "PreviousFullType", h => Word((uint)h.PreviousFullType)),
        (360, 4, "PreviousIncrementalType", h => Word((uint)h.PreviousIncrementalType)),
        (364, 4, "RepairCountOld", h => Word(h.RepairCountOld)),
        (368, 4, "EccFixCount", h => Word(h.EccFixCount)),
        (372, 8, "EccFixTime", h => Long(h.EccFixTime.Value)),
        (380, 4, "EccFixCountOld", h => Word(h.EccFixCountOld)),
        (384, 4, "EccFailureCount", h => Word(h.EccFailureCount)),
        (388, 8, "EccFailureTime", h => Long(h.EccFailureTime.Value)),
        (396, 4, "EccFailureCountOld", h => Word(h.EccFailureCountOld)),
        (400, 4, "BadChecksumCount", h => Word(h.BadChecksumCount)),
        (404, 8, "BadChecksumTime", h => Long(h.BadChecksumTime.Value)),
        (412, 4, "BadChecksumCountOld", h => Word(h.BadChecksumCountOld)),
        (416, 4, "MaxCommitted", h => Word(h.MaxCommitted)),
        (420, 24, "PreviousCopy", h => Backup(h.PreviousCopy)),
        (444, 24, "PreviousDifferential", h => Backup(h.PreviousDifferential)),
        (468, 4, "PreviousCopyType", h => Word((uint)h.PreviousCopyType)),
        (472, 4, "PreviousDifferentialType", h => Word((uint)h.PreviousDifferentialType)),
        (476, 4, "ReseedCount", h => Word(h.ReseedCount)),
        (480, 8, "ReseedTime", h => Long(h.ReseedTime.Value)),
        (488, 4, "ReseedCountOld", h => Word(h.ReseedCountOld)),
        (492, 4, "PagePatchCount", h => Word(h.PagePatchCount)),
        (496, 8, "PagePatchTime", h => Long(h.PagePatchTime.Value)),
        (504, 4, "PagePatchCountOld", h => Word(h.PagePatchCountOld)),
        (508, 8, "SortVersion", h => Long(h.SortVersion)),
        (516, 8, "ScanFinishedTime", h => Long(h.ScanFinishedTime.Value)),
        (524, 8, "ScanStartedTime", h => Long(h.ScanStartedTime.Value)),
        (532, 4, "ScannedContinuously", h => Word(h.ScannedContinuously.Value)),
        (536, 4, "Recovering", h => Word(h.Recovering)),
        (540, 4, "ExtendCount", h => Word(h.ExtendCount)),
        (544, 8, "ExtendTime", h => Long(h.ExtendTime.Value)),
        (552, 4, "ShrinkCount", h => Word(h.ShrinkCount)),
        (556, 8, "ShrinkTime", h => Long(h.ShrinkTime.Value)),
        (564, 8, "ReattachTime", h => Long(h.ReattachTime.Value)),
        (572, 8, "Reattach", h => Long(h.Reattach.Value)),
        (580, 4, "TrimCount", h => Word(h.TrimCount)),
        (584, 28, "HeaderFlushSignature", h => Sign(h.HeaderFlushSignature)),
        (612, 28, "FlushMapFlushSignature", h => Sign(h.FlushMapFlushSignature)),
        (640, 4, "MinConsistent", h => Word(h.MinConsistent)),
        (644, 4, "Version.UpdateMinor", h => Word(h.Version.UpdateMinor)),
        (648, 4, "NewestAttachingEngineFormat", h => Word(h.NewestAttachingEngineFormat)),
        (652, 4, "ScannedHighest", h => Word(h.ScannedHighest.Value)),
        (656, 8, "LastResize", h => Long(h.LastResize.Value)),
        (664, 3, "reserved", null),
        (667, 4, "FileType", h => Word((uint)h.FileType)),
        (671, 1, "reserved", null),
        (672, 8, "MaxRequiredTime", h => Long(h.MaxRequiredTime.Value)),
        (680, 4, "MinConsistentBeforeRedo", h => Word(h.MinConsistentBeforeRedo)),
        (684, 4, "MinRequiredBeforeRedo", h => Word(h.MinRequiredBeforeRedo)),
        (688, 28, "SnapshotFlushSignature", h => Sign(h.SnapshotFlushSignature)),
        (716, 4, "RevertCount", h => Word(h.RevertCount)),
        (720, 8, "RevertFromTime", h => Long(h.RevertFromTime.Value)),
        (728, 8, "RevertToTime", h => Long(h.RevertToTime.Value)),
        (736, 4, "RevertPageCount", h => Word(h.RevertPageCount)),
        (740, 8, "CommitBeforeRevert", h => Long(h.CommitBeforeRevert.Value)),
    ];

    [Fact]
    public void Fields_stand_where_the_format_says()
    {
        byte[] page = new byte[4096];
        new Random(7).NextBytes(page);
        page[231] &= 0x7F; // the bit above the service pack is not part of it
        var header = new DatabaseHeader(page);
        int next = 0;
        foreach (var (offset, size, name, stored) in s_layout)
        {
            Assert.True(next == offset, $"{name} stands at {offset}, the field before it ends at {next}");
            next = offset + size;
            if (stored is not null)
                Assert.True(page.AsSpan(offset, size).SequenceEqual(stored(header)), name);
        }

        Assert.Equal(DatabaseHeader.Size, next);
    }

    [Fact]
    public void Every_property_is_in_the_layout()
    {
        string[] derived = ["Bytes", "IsShadowingDisabled", "IsUnrestoredCopy", "NeedsTrailer", "NeedsRecovery"];
        var known = s_layout.Select(field => field.Name).Concat(derived).ToHashSet();
        var missing = typeof(DatabaseHeader).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => property.Name).Where(name => !known.Contains(name));
        Assert.Empty(missing);
    }

    [Fact]
    public void A_short_page_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new DatabaseHeader(new byte[DatabaseHeader.Size - 1]));
    }

    [Fact]
    public void The_golden_header_reads_as_the_engine_told()
    {
        var header = Golden("dirty-basic-4096");
        Assert.Equal(new FormatVersion(0x620, 290, 600), header.Version);
        Assert.Equal(new FormatVersion(0x620, 20, 0), header.CreatedVersion);
        Assert.Equal(9600u, header.NewestAttachingEngineFormat);
        Assert.Equal(4154080850u, header.Signature.Random);
        Assert.Equal(3137161095u, header.LogSignature.Random);
        Assert.Equal(DatabaseState.DirtyShutdown, header.State);
        Assert.Equal(FileType.Database, header.FileType);
        Assert.Equal(new DbTime(319), header.DbTime);
        Assert.Equal((1, 12, 12), (header.MinRequired.Value, header.MaxRequired.Value, header.MaxCommitted.Value));
        Assert.Equal("(0x1,1,268)", header.Attach.ToString());
        Assert.Equal("(0xB,10,30A)", header.LastResize.ToString());
        Assert.Equal(10u, header.ExtendCount);
        Assert.True(header.NeedsRecovery);
        Assert.False(header.IsUnrestoredCopy);
    }

    [Fact]
    public void A_streamed_copy_needs_its_trailer_and_recovery()
    {
        var header = new DatabaseHeader(CorpusDatabases.Start(
            Path.Combine(GoldenSets.Small("extbackup-4096"), "backup", "db1.edb"), 4096));
        Assert.True(header.IsUnrestoredCopy);
        Assert.True(header.NeedsTrailer);
        Assert.True(header.NeedsRecovery);
        Assert.Equal(new LogPosition(new(11), 6, 0x89C), header.CurrentFull.Mark);
        Assert.Equal("11/20/2026 13:22:40.171 UTC", header.CurrentFull.MarkTime.ToString());
        Assert.Equal((4, 0), (header.CurrentFull.LowGeneration.Value, header.CurrentFull.HighGeneration.Value));
        Assert.Equal(EseError.SoftRecoveryOnBackupDatabase, header.Judge());
    }

    [Theory]
    [InlineData(0, EseError.DatabaseDirtyShutdown, false)]
    [InlineData(1, EseError.DatabaseDirtyShutdown, true)]
    [InlineData(2, EseError.DatabaseDirtyShutdown, true)]
    [InlineData(3, EseError.Success, false)]
    [InlineData(4, EseError.DatabaseConversionInProgress, false)]
    [InlineData(5, EseError.DatabaseDirtyShutdown, false)]
    [InlineData(6, EseError.DatabaseIncompleteIncrementalReseed, false)]
    [InlineData(7, EseError.DatabaseDirtyShutdown, true)]
    [InlineData(8, EseError.DatabaseIncompleteRevert, false)]
    [InlineData(9, EseError.DatabaseDirtyShutdown, false)]
    public void An_attach_asks_the_state_first(int state, EseError expected, bool recovery)
    {
        var header = Golden("clean-4096", page => page[52] = (byte)state);
        Assert.Equal(expected, header.Judge());
        Assert.Equal(recovery, header.NeedsRecovery);
    }

    [Theory]
    [InlineData(4, 0, EseError.InvalidDatabaseVersion)] // magic
    [InlineData(9, 5, EseError.InvalidDatabaseVersion)] // main version 0x520
    [InlineData(233, 9, EseError.InvalidDatabaseVersion)] // an update nobody knows
    [InlineData(645, 0xFF, EseError.Success)] // a newer minor is no hindrance
    [InlineData(12, 1, EseError.DatabaseCorrupted)] // attrib
    [InlineData(667, 3, EseError.DatabaseCorrupted)] // a log
    [InlineData(667, 0, EseError.Success)]
    [InlineData(667, 5, EseError.Success)]
    public void An_attach_refuses_other_files(int offset, byte value, EseError expected) =>
        Assert.Equal(expected, Golden("clean-4096", page => page[offset] = value).Judge());

    [Fact]
    public void A_large_page_of_an_early_update_is_refused()
    {
        var header = Golden("clean-32768", page => BitConverter.TryWriteBytes(page.AsSpan(232), 0x10));
        Assert.Equal(EseError.InvalidDatabaseVersion, header.Judge());
    }

    [Fact]
    public void Versions_compare_by_main_and_update_before_minor()
    {
        var newest = FormatVersion.Newest;
        Assert.Equal("0x620,290,600", newest.ToString());
        Assert.True(new FormatVersion(0x620, 20, 900) < newest);
        Assert.True(new FormatVersion(0x620, 290, 601) > newest);
        Assert.True(new FormatVersion(0x620, 290, 9999).IsReadableBy(newest));
        Assert.True(new FormatVersion(0x500, 900, 0).IsReadableBy(newest));
        Assert.False(new FormatVersion(0x620, 300, 0).IsReadableBy(newest));
        Assert.False(new FormatVersion(0x621, 0, 0).IsReadableBy(newest));
    }

    private static DatabaseHeader Golden(string set, Action<byte[]>? change = null)
    {
        byte[] page = CorpusDatabases.Start(Path.Combine(GoldenSets.Small(set), "files", "db1.edb"), 32768);
        change?.Invoke(page);
        return new DatabaseHeader(page);
    }

    private static byte[] Word(uint value) => BitConverter.GetBytes(value);

    private static byte[] Word(LogGeneration value) => BitConverter.GetBytes(value.Value);

    private static byte[] Long(ulong value) => BitConverter.GetBytes(value);

    private static byte[] Sign(Signature value)
    {
        byte[] bytes = new byte[Signature.Size];
        value.Write(bytes);
        return bytes;
    }

    private static byte[] Backup(BackupInfo value)
    {
        byte[] bytes = new byte[BackupInfo.Size];
        value.Write(bytes);
        return bytes;
    }
}
