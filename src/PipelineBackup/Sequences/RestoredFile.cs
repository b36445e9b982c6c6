using Microsoft.Win32.SafeHandles;
using PipelineBackup.Ese;
using PipelineBackup.Restore;
using PipelineBackup.Shared;

namespace PipelineBackup.Sequences;

/// <summary>
/// A file of a restore that is open for writing. It has a name of its own until it is whole, proved and durable; what is
/// there under its name is never overwritten.
/// </summary>
internal sealed class RestoredFile : IDisposable
{
    /// <summary>What the name of a file ends with until it is whole.</summary>
    public const string PartSuffix = ".restoring";

    private const int ProofBytes = 1 << 20;

    private readonly SafeFileHandle _file;
    private readonly long _length;
    private long _offset;
    private bool _isDone;

    private RestoredFile(int handle, TokenedName name, string path, long length, SafeFileHandle file) =>
        (Handle, Name, Path, _length, _file) = (handle, name, path, length, file);

    /// <summary>Its handle.</summary>
    public int Handle { get; }

    /// <summary>Its token and the path that it was backed up from.</summary>
    public TokenedName Name { get; }

    /// <summary>Where it goes.</summary>
    public string Path { get; }

    private string Part => Path + PartSuffix;

    /// <summary>Opens one.</summary>
    /// <param name="handle">Its handle.</param>
    /// <param name="name">Its token and the path that it was backed up from.</param>
    /// <param name="path">Where it goes.</param>
    /// <param name="length">Its length in bytes.</param>
    public static RestoredFile Create(int handle, TokenedName name, string path, long length)
    {
        DurableFile.CreateDirectoryDurably(System.IO.Path.GetDirectoryName(path)!);
        var file = File.OpenHandle(path + PartSuffix, FileMode.Create, FileAccess.ReadWrite, FileShare.None,
            FileOptions.Asynchronous);
        return new(handle, name, path, length, file);
    }

    /// <summary>Writes on.</summary>
    /// <exception cref="SourceException">−4001: there are more bytes than were announced.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.Length > _length - _offset)
        {
            throw new SourceException($"'{Name.FileName}' has {_length} bytes, more were written")
            {
                Error = EseErrors.ToJet(EseError.FileIOBeyondEOF),
                Hint = "open it again, with its length",
            };
        }

        await RandomAccess.WriteAsync(_file, bytes, _offset, cancellationToken).ConfigureAwait(false);
        _offset += bytes.Length;
    }

    /// <summary>Proves the file, makes it durable, and gives it its name.</summary>
    /// <param name="cancellationToken">Ends the proof.</param>
    /// <returns>Whether it is new: the same file may have come before.</returns>
    /// <exception cref="SourceException">It is not whole, or not sound, or another file has its name.</exception>
    public async ValueTask<bool> FinishAsync(CancellationToken cancellationToken)
    {
        if (_offset != _length)
        {
            throw SequenceRefusal.Senseless(
                $"'{Name.FileName}' has {_length} bytes, {_offset} were written", "write all of it before it is closed");
        }

        await ProveAsync(cancellationToken).ConfigureAwait(false);
        DurableFile.Flush(_file);
        bool isNew = DurableFile.TryRenameNoReplace(Part, Path);
        if (!isNew && !await IsSameAsync(cancellationToken).ConfigureAwait(false))
            throw Taken();
        DurableFile.FlushDirectory(System.IO.Path.GetDirectoryName(Path)!);
        _isDone = isNew;
        return isNew;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        if (!_isDone)
            File.Delete(Part);
    }

    // What is on the disk is read again: a copy that went through many hands is proved where it arrived.
    private async ValueTask ProveAsync(CancellationToken cancellationToken)
    {
        var proof = new CopyProof(Name.Token, Name.FileName, _length, LogScanPurpose.HardRestore);
        byte[] buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(ProofBytes, _length));
        for (long at = 0; at < _length; at += buffer.Length)
        {
            int read = await FillAsync(_file, buffer, at, cancellationToken).ConfigureAwait(false);
            if (proof.Judge(buffer.AsSpan(0, read), at) is { } bad)
                throw proof.Refuse(bad);
        }

        proof.Finish();
    }

    private async ValueTask<bool> IsSameAsync(CancellationToken cancellationToken)
    {
        using var there = File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.Asynchronous);
        if (RandomAccess.GetLength(there) != _length)
            return false;
        byte[] mine = new byte[ProofBytes], other = new byte[ProofBytes];
        for (long at = 0; at < _length; at += ProofBytes)
        {
            int read = await FillAsync(_file, mine, at, cancellationToken).ConfigureAwait(false);
            if (await FillAsync(there, other, at, cancellationToken).ConfigureAwait(false) != read
                || !mine.AsSpan(0, read).SequenceEqual(other.AsSpan(0, read)))
                return false;
        }

        return true;
    }

    private static async ValueTask<int> FillAsync(
        SafeFileHandle file, Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            int read = await RandomAccess.ReadAsync(file, buffer[done..], offset + done, cancellationToken)
                .ConfigureAwait(false);
            if (read == 0)
                break;
            done += read;
        }

        return done;
    }

    private SourceException Taken() => Name.BelongsToDatabases
        ? RestoreContext.Occupied(Path)
        : new($"'{Path}' is another log of the same generation than this one")
        {
            Error = EseErrors.ToJet(EseError.InvalidLogSequence),
            Hint = "restore the backups of one chain only",
            ExitCode = ExitCode.Refused,
        };
}
