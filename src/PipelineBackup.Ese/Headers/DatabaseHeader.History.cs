namespace PipelineBackup.Ese;

// What befell the file: counters and times for people to read. No decision of recovery or backup hangs on them.
public sealed partial class DatabaseHeader
{
    // ---- the machine of the last attach

    /// <summary>Major version of the operating system at the last attach.</summary>
    public uint OperatingSystemMajor => Word(216);

    /// <summary>Minor version of the operating system at the last attach.</summary>
    public uint OperatingSystemMinor => Word(220);

    /// <summary>Build of the operating system at the last attach.</summary>
    public uint OperatingSystemBuild => Word(224);

    /// <summary>Service pack of the operating system at the last attach.</summary>
    public uint OperatingSystemServicePack => Word(228) & 0x7FFFFFFF;

    /// <summary>Version of the text sort order at the last attach; all ones since every index knows its own.</summary>
    public ulong SortVersion => Long(508);

    // ---- repair, scrub, upgrade

    /// <summary>How often the database was repaired, data given up, since the last defragmentation.</summary>
    public uint RepairCount => Word(240);

    /// <summary>Time of the last repair.</summary>
    public LogTime RepairTime => Time(244);

    /// <summary>Repairs before the last defragmentation.</summary>
    public uint RepairCountOld => Word(364);

    /// <summary>The update counter up to which deleted data has been overwritten.</summary>
    public DbTime LastScrub => new(Long(280));

    /// <summary>Time of the last scrub.</summary>
    public LogTime ScrubTime => Time(288);

    /// <summary>Pages converted by an upgrade from the format 5.5.</summary>
    public uint UpgradeFormatPages => Word(304);

    /// <summary>Free pages found by that upgrade.</summary>
    public uint UpgradeFreePages => Word(308);

    /// <summary>Pages of the space map found by that upgrade.</summary>
    public uint UpgradeSpaceMapPages => Word(312);

    // ---- damage met

    /// <summary>Pages in which one flipped bit was corrected.</summary>
    public uint EccFixCount => Word(368);

    /// <summary>Time of the last correction.</summary>
    public LogTime EccFixTime => Time(372);

    /// <summary>Corrections before the last defragmentation or repair.</summary>
    public uint EccFixCountOld => Word(380);

    /// <summary>Pages that could not be corrected.</summary>
    public uint EccFailureCount => Word(384);

    /// <summary>Time of the last failure to correct.</summary>
    public LogTime EccFailureTime => Time(388);

    /// <summary>Failures before the last defragmentation or repair.</summary>
    public uint EccFailureCountOld => Word(396);

    /// <summary>Pages with a wrong checksum.</summary>
    public uint BadChecksumCount => Word(400);

    /// <summary>Time of the last wrong checksum.</summary>
    public LogTime BadChecksumTime => Time(404);

    /// <summary>Wrong checksums before the last defragmentation or repair.</summary>
    public uint BadChecksumCountOld => Word(412);

    /// <summary>How often pages were replaced from another copy of the database, offline.</summary>
    public uint ReseedCount => Word(476);

    /// <summary>Time of the last such reseed.</summary>
    public LogTime ReseedTime => Time(480);

    /// <summary>Reseeds before the last defragmentation or repair.</summary>
    public uint ReseedCountOld => Word(488);

    /// <summary>Pages replaced from another copy while in use.</summary>
    public uint PagePatchCount => Word(492);

    /// <summary>Time of the last such replacement.</summary>
    public LogTime PagePatchTime => Time(496);

    /// <summary>Replacements before the last defragmentation or repair.</summary>
    public uint PagePatchCountOld => Word(504);

    // ---- background scan

    /// <summary>When the last background scan was finished.</summary>
    public LogTime ScanFinishedTime => Time(516);

    /// <summary>When the running background scan was started.</summary>
    public LogTime ScanStartedTime => Time(524);

    /// <summary>The page up to which the running scan has left none out.</summary>
    public PageNumber ScannedContinuously => new(Word(532));

    /// <summary>The highest page that the running scan has seen.</summary>
    public PageNumber ScannedHighest => new(Word(652));

    // ---- size of the file

    /// <summary>How often the file grew.</summary>
    public uint ExtendCount => Word(540);

    /// <summary>When it grew last.</summary>
    public LogTime ExtendTime => Time(544);

    /// <summary>How often the file shrank.</summary>
    public uint ShrinkCount => Word(552);

    /// <summary>When it shrank last.</summary>
    public LogTime ShrinkTime => Time(556);

    /// <summary>How often space inside of the file was given back.</summary>
    public uint TrimCount => Word(580);

    // ---- revert

    /// <summary>How often the database was reverted by a snapshot.</summary>
    public uint RevertCount => Word(716);

    /// <summary>The time that the last revert started from.</summary>
    public LogTime RevertFromTime => Time(720);

    /// <summary>The time that the last revert went back to.</summary>
    public LogTime RevertToTime => Time(728);

    /// <summary>Pages that the last revert replaced.</summary>
    public uint RevertPageCount => Word(736);

    /// <summary>The last log position before the revert.</summary>
    public LogPosition CommitBeforeRevert => Position(740);
}
