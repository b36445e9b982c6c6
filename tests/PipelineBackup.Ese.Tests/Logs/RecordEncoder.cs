namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>Writes a record again from nothing but the fields that its views show.</summary>
internal static class RecordEncoder
{
    /// <summary>Whether there is a way to write records of this type: of all that engines still write.</summary>
    public static bool TryEncode(LogRecordWriter writer, in LogRecordView record, LogVersion version)
    {
        writer.Clear();
        switch (record.Type)
        {
            case LogRecordType.RecoveryUndo or LogRecordType.ShutdownMark or LogRecordType.Nop:
                writer.Bare(record.Type);
                return true;
            case LogRecordType.Init2:
                writer.Init(record.AsInit().ParameterBytes, record.AsInit().Time);
                return true;
            case LogRecordType.Trace or LogRecordType.ForceLogRollover:
                writer.Text(record.Type, record.AsText().Session, record.AsText().TextBytes);
                return true;
            case LogRecordType.CommitContext:
                var context = record.AsCommitContext(version);
                writer.CommitContext(version, context.Session, context.Flags, context.Data);
                return true;
            case LogRecordType.MacroInfo:
                writer.MacroInfo(record.AsMacroInfo().Pages);
                return true;
            case LogRecordType.MacroInfo2:
                writer.MacroInfo2(record.AsMacroInfo().Database, record.AsMacroInfo().Pages);
                return true;
            case LogRecordType.Backup2:
                writer.Backup(record.AsBackup().Step);
                return true;
            case LogRecordType.Nop2:
                writer.Filler(record.Bytes.Length);
                return true;
            default:
                return EncodeTree(writer, record) || EncodeNode(writer, record) || EncodeDatabase(writer, record)
                    || EncodeBody(writer, record);
        }
    }

    private static bool EncodeTree(LogRecordWriter writer, in LogRecordView record)
    {
        switch (record.Type)
        {
            case LogRecordType.Split:
                var split = record.AsSplit();
                writer.Split(split.Split, split.ParentKey, split.OldPrefix, split.NewPrefix, split.ImageFlags, split.Image);
                return true;
            case LogRecordType.Merge:
                var merge = record.AsMerge();
                writer.Merge(merge.Merge, merge.ParentKey, merge.ImageFlags, merge.Image);
                return true;
            case LogRecordType.PageMove:
                var move = record.AsPageMove();
                writer.PageMove(move.Move, move.Front, move.Back);
                return true;
            default:
                return false;
        }
    }

    private static bool EncodeNode(LogRecordWriter writer, in LogRecordView record)
    {
        switch (record.Type)
        {
            case LogRecordType.Insert:
                var insert = record.AsInsert();
                writer.Insert(insert.Node, insert.Prefix, insert.Suffix, insert.Data);
                return true;
            case LogRecordType.FlagInsert:
                writer.FlagInsert(record.Node, record.AsFlagInsert().Key, record.AsFlagInsert().Data);
                return true;
            case LogRecordType.FlagInsertReplace:
                var flag = record.AsFlagInsert();
                writer.FlagInsertReplace(flag.Node, flag.ReplaceVersion, flag.Key, flag.Data);
                return true;
            case LogRecordType.Replace:
                writer.Replace(record.Node, record.AsReplace().OldLength, record.AsReplace().Data);
                return true;
            case LogRecordType.ReplaceDifference:
                var replace = record.AsReplace();
                byte[] difference = new byte[ushort.MaxValue];
                int length = 0;
                foreach (var edit in replace.Difference)
                    length += DataDifference.WriteEdit(difference.AsSpan(length), replace.IsLarge, edit.Offset, edit.OldLength, edit.NewData);
                writer.ReplaceDifference(replace.Node, replace.IsLarge, replace.OldLength, replace.NewLength, difference.AsSpan(0, length));
                return true;
            case LogRecordType.UndoInfo:
                var info = record.AsUndoInfo();
                writer.UndoInfo(info.Node, info.Operation, info.MaxSize, info.Growth, info.BookmarkKey, info.BookmarkData, info.OldData);
                return true;
            case LogRecordType.Delta:
                var delta = record.AsDelta();
                writer.Delta(delta.Node, (int)delta.Delta, (ushort)delta.Offset, delta.BookmarkKey, delta.BookmarkData);
                return true;
            case LogRecordType.Delta64:
                var wide = record.AsDelta();
                writer.Delta64(wide.Node, wide.Delta, (ushort)wide.Offset, wide.BookmarkKey, wide.BookmarkData);
                return true;
            case LogRecordType.SetExternalHeader:
                writer.SetExternalHeader(record.Node, record.Tail);
                return true;
            case LogRecordType.Undo:
                var undo = record.AsUndo();
                writer.Undo(undo.Node, undo.Operation, undo.UndoneLevel, undo.BookmarkKey, undo.BookmarkData);
                return true;
            case LogRecordType.EmptyTree:
                writer.EmptyTree(record.Node, record.AsEmptyTree().Pages);
                return true;
            case LogRecordType.Scrub:
                writer.Scrub(record.Node, record.AsScrub().Flags, record.AsScrub().OperationCount, record.AsScrub().Tail);
                return true;
            default:
                return false;
        }
    }

    private static bool EncodeDatabase(LogRecordWriter writer, in LogRecordView record)
    {
        switch (record.Type)
        {
            case LogRecordType.CreateDatabase:
                var create = record.AsCreateDatabase();
                writer.CreateDatabase(create.Creation, create.IsSparse, create.Version, create.VersionUpdate, create.Path);
                return true;
            case LogRecordType.AttachDatabase:
                var attach = record.AsAttachDatabase();
                writer.AttachDatabase(attach.Attachment, attach.IsSparse, attach.Path);
                return true;
            case LogRecordType.DetachDatabase:
                var detach = record.AsDetachDatabase();
                writer.DetachDatabase(detach.Session, detach.Database, detach.Path);
                return true;
            default:
                return false;
        }
    }

    private static bool EncodeBody(LogRecordWriter writer, in LogRecordView record) => record.Type switch
    {
        LogRecordType.FlagDelete or LogRecordType.Delete => Body<NodeChange>(writer, record),
        LogRecordType.Begin => Body<InnerBegin>(writer, record),
        LogRecordType.Begin0 or LogRecordType.BeginDistributed => Body<OuterBegin>(writer, record),
        LogRecordType.Commit => Body<InnerCommit>(writer, record),
        LogRecordType.Commit0 => Body<OuterCommit>(writer, record),
        LogRecordType.Rollback => Body<TransactionRollback>(writer, record),
        LogRecordType.Refresh => Body<TransactionRefresh>(writer, record),
        LogRecordType.MacroBegin or LogRecordType.MacroCommit or LogRecordType.MacroAbort => Body<MacroBracket>(writer, record),
        LogRecordType.ForceWriteLog => Body<LogForce>(writer, record),
        LogRecordType.CreateMultipleExtentTree => Body<MultipleExtentTreeCreation>(writer, record),
        LogRecordType.CreateSingleExtentTree => Body<SingleExtentTreeCreation>(writer, record),
        LogRecordType.ConvertTreeOld => Body<TreeConversion>(writer, record),
        LogRecordType.ConvertTree => Body<TreeConversion2>(writer, record),
        LogRecordType.NewPage => Body<PageCreation>(writer, record),
        LogRecordType.RootPageMove => Body<RootMove>(writer, record),
        LogRecordType.FreeTree => Body<TreeRelease>(writer, record),
        LogRecordType.Term or LogRecordType.RecoveryQuit => Body<RunEnd>(writer, record),
        LogRecordType.Term2 or LogRecordType.RecoveryQuit2 or LogRecordType.RecoveryQuitKeepAttachments => Body<TimedRunEnd>(writer, record),
        LogRecordType.RecoveryUndo2 => Body<UndoBegin>(writer, record),
        LogRecordType.JetOperation => Body<JetCall>(writer, record),
        LogRecordType.CreateDatabaseFinish => Body<DatabaseCreationEnd>(writer, record),
        LogRecordType.ReattachDatabase => Body<DatabaseReattachment>(writer, record),
        LogRecordType.SignalAttachDatabase => Body<AttachSignal>(writer, record),
        LogRecordType.SetDatabaseVersion => Body<DatabaseVersionChange>(writer, record),
        LogRecordType.ExtendDatabase => Body<DatabaseExtension>(writer, record),
        LogRecordType.ShrinkDatabase or LogRecordType.ShrinkDatabase2 => Body<DatabaseShrinkage>(writer, record),
        LogRecordType.ShrinkDatabase3 => Body<TimedDatabaseShrinkage>(writer, record),
        LogRecordType.TrimDatabase => Body<DatabaseTrim>(writer, record),
        LogRecordType.ScanCheck => Body<PageScan>(writer, record),
        LogRecordType.ScanCheck2 => Body<PageScan2>(writer, record),
        LogRecordType.ExtentFreed => Body<ExtentRelease>(writer, record),
        LogRecordType.ExtentFreed2 => Body<TimedExtentRelease>(writer, record),
        LogRecordType.PagePatchRequest => Body<PagePatch>(writer, record),
        _ => false,
    };

    private static bool Body<T>(LogRecordWriter writer, in LogRecordView record)
        where T : unmanaged, ILogRecordBody
    {
        writer.Add(record.Type, record.Body<T>());
        return true;
    }
}
