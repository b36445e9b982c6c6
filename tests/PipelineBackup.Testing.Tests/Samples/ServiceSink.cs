using System.Runtime.CompilerServices;

namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>A store in a service that keeps objects by key.</summary>
public sealed class ServiceSink(IObjectService service) : IBackupSink
{
    public SinkTraits Traits { get; } = new() { PutConcurrency = 4, ReadConcurrency = 4 };

    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        // The service cannot promise to keep an object until a date: the promise is refused, never dropped.
        if (body.RetainUntil is not null)
            throw new SinkException($"cannot store '{name}': this store retains nothing");
        bool created;
        try
        {
            // The service creates the key only if nobody has it: of two writers exactly one succeeds. It shows the
            // object once it has all of it, and answers when that is durable.
            created = await service.CreateAsync(name.ToString(), body.Content, cancellationToken);
        }
        catch (ServiceException failure)
        {
            throw Translate(failure, $"cannot store '{name}'");
        }

        if (!created)
            throw new SinkException($"object '{name}' is there already") { Failure = SinkFailure.AlreadyExists };
    }

    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        try
        {
            long? length = await service.FindAsync(name.ToString(), cancellationToken);
            if (length is null)
                throw NotFound($"there is no object '{name}'");
            if (!range.Fits(length.Value))
                throw NotFound($"object '{name}' has {length} bytes: the range lies beyond its end");
            long count = range.Length ?? length.Value - range.Offset;
            return await service.OpenAsync(name.ToString(), range.Offset, count, cancellationToken);
        }
        catch (ServiceException failure)
        {
            throw Translate(failure, $"cannot open '{name}'");
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = "";
        while (after is not null)
        {
            var page = await PageAsync(prefix, after, cancellationToken);
            foreach (var (key, length) in page.Objects)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // What others keep in the same place is none of ours.
                if (ObjectName.TryParse(key, out var name))
                    yield return new(name, length);
            }

            after = page.Next;
        }
    }

    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        try
        {
            await service.DeleteAsync(name.ToString(), cancellationToken);
        }
        catch (ServiceException failure)
        {
            throw Translate(failure, $"cannot delete '{name}'");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<ServicePage> PageAsync(string prefix, string after, CancellationToken cancellationToken)
    {
        try
        {
            return await service.ListAsync(prefix, after, cancellationToken);
        }
        catch (ServiceException failure)
        {
            throw Translate(failure, $"cannot list '{prefix}'");
        }
    }

    private static SinkException Translate(ServiceException failure, string what) => failure.Status switch
    {
        401 or 403 => new($"{what}: {failure.Message}", failure)
        {
            Failure = SinkFailure.AccessDenied,
            Error = JetError.AccessDenied,
            Hint = "check the credentials, and that they may write here",
        },
        507 => new($"{what}: {failure.Message}", failure) { Failure = SinkFailure.Full, Error = JetError.DiskFull },
        // Transient is only what the same call may cure a moment later; a service that says when is believed.
        408 or 429 or >= 500 => new($"{what}: {failure.Message}", failure)
        {
            Transient = true,
            RetryAfter = failure.RetryAfter,
        },
        _ => new($"{what}: {failure.Message}", failure),
    };

    private static SinkException NotFound(string message) =>
        new(message) { Failure = SinkFailure.NotFound, Error = JetError.FileNotFound, ExitCode = ExitCode.NotFound };
}
