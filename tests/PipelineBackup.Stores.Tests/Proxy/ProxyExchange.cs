using System.Net.Sockets;

namespace PipelineBackup.Stores.Tests.Proxy;

/// <summary>One request on its way to the store and its answer back, or as far as they get.</summary>
/// <param name="proxy">Whose request it is.</param>
/// <param name="store">The store.</param>
/// <param name="wire">What the client sends.</param>
/// <param name="client">To the client.</param>
/// <param name="head">Head of the request.</param>
/// <param name="request">What is noted of it.</param>
/// <param name="chance">For what there is to choose.</param>
/// <param name="stopping">Ends the exchange.</param>
internal sealed class ProxyExchange(
    FaultProxy proxy, Uri store, HttpWire wire, NetworkStream client, HttpHead head, ProxyRequest request, Random chance,
    CancellationToken stopping)
{
    /// <summary>Runs it.</summary>
    /// <param name="dialect">The store's words.</param>
    /// <param name="proceed">What tells a client that waits to send the body.</param>
    /// <returns>Whether the connection may carry another request.</returns>
    public async Task<bool> RunAsync(StoreDialect dialect, byte[] proceed)
    {
        if (proxy.Stalls(request))
            await Task.Delay(Timeout.Infinite, stopping);
        // A request without a body has no middle: whatever is handed on of it, the store acts.
        if (request.Fault == ProxyFault.CutBefore || (request.Fault == ProxyFault.CutUpload && head is { IsChunked: false, Length: null or 0 }))
            return Cut();
        if (head.Waits)
            await client.WriteAsync(proceed, stopping);
        if (proxy.Denies(request))
            return await AnswerAsync(403, dialect.Denied);
        if (request.Fault is ProxyFault.ServerError or ProxyFault.Throttled)
        {
            int status = chance.Next(2) == 0 ? 503 : request.Fault == ProxyFault.Throttled ? 429 : 500;
            return await AnswerAsync(status, request.Fault == ProxyFault.Throttled ? dialect.Throttled(status) : StoreDialect.Failed(status));
        }

        using var far = new TcpClient { NoDelay = true };
        await far.ConnectAsync(store.Host, store.Port, stopping);
        var up = far.GetStream();
        if (!await SendAsync(up))
        {
            // The store must not take the half for the whole either.
            far.Client.Close(0);
            return Cut();
        }

        return await AnswerAsync(new HttpWire(up));
    }

    // The client is heard out: else it might meet a reset before it reads the answer.
    private async Task<bool> AnswerAsync(int status, byte[] answer)
    {
        await wire.ReadBodyAsync(head, false, (_, content) => Received(content), stopping);
        await client.WriteAsync(answer, stopping);
        request.Status = status;
        return !head.Closes;
    }

    private async Task<bool> SendAsync(NetworkStream up)
    {
        long most = request.Fault != ProxyFault.CutUpload ? long.MaxValue : head.Length is > 1 and var length ? length / 2 : 0;
        bool refused = false;
        await up.WriteAsync(head.Bytes, stopping);
        return await wire.ReadBodyAsync(head, false, async (bytes, content) =>
        {
            await PaceAsync(bytes.Length);
            if (request.BytesUp + content > most)
                return false;
            await Received(content);
            try
            {
                // A store that has refused already takes no more; the client is heard out all the same.
                if (!refused)
                    await up.WriteAsync(bytes, stopping);
            }
            catch (IOException)
            {
                refused = true;
            }

            return true;
        }, stopping) && most == long.MaxValue;
    }

    private async Task<bool> AnswerAsync(HttpWire from)
    {
        HttpHead? answer;
        do
            answer = await from.ReadHeadAsync(stopping) ?? throw new IOException("the store gave no answer");
        while (answer.Status is >= 100 and < 200);
        request.Heard = answer.Status;
        if (request.Fault == ProxyFault.CutBeforeAnswer)
        {
            await HearOutAsync(from, answer);
            return Cut();
        }

        if (request.Fault == ProxyFault.Late)
            await Task.Delay(proxy.Plan.DelayOf(chance), stopping);
        bool hasBody = head.Words[0] != "HEAD" && answer.Status is not (204 or 304)
            && (answer.IsChunked || answer.Length is null or > 0);
        if (request.Fault == ProxyFault.CutAnswer)
            return await CutAnswerAsync(from, answer, hasBody);
        request.Status = answer.Status;
        await client.WriteAsync(answer.Bytes, stopping);
        if (hasBody)
        {
            await from.ReadBodyAsync(answer, true, async (bytes, content) =>
            {
                await PaceAsync(bytes.Length);
                await client.WriteAsync(bytes, stopping);
                request.BytesDown += content;
                return true;
            }, stopping);
        }

        request.Succeeded = answer.Status is >= 200 and < 300;
        return !head.Closes && !answer.Closes && (!hasBody || answer.IsChunked || answer.Length is not null);
    }

    // Half of the body, or half of the head where there is none; the connection ends in order or by a reset.
    private async Task<bool> CutAnswerAsync(HttpWire from, HttpHead answer, bool hasBody)
    {
        if (!hasBody)
        {
            await client.WriteAsync(answer.Bytes.AsMemory(0, answer.Bytes.Length / 2), stopping);
            return Cut();
        }

        await client.WriteAsync(answer.Bytes, stopping);
        long most = answer.Length is { } length ? length / 2 : 16;
        await from.ReadBodyAsync(answer, true, async (bytes, content) =>
        {
            int part = (int)Math.Min(bytes.Length, most - request.BytesDown);
            await client.WriteAsync(bytes[..part], stopping);
            request.BytesDown += part;
            return request.BytesDown < most;
        }, stopping);
        proxy.Trigger?.ActAt(request);
        if (chance.Next(2) == 0)
        {
            client.Socket.Shutdown(SocketShutdown.Send);
            // Until the client has seen the end and goes.
            while (await client.ReadAsync(new byte[1024], stopping) > 0)
                continue;
        }

        return false;
    }

    // What the store has to say may be part of what it does.
    private async Task HearOutAsync(HttpWire from, HttpHead answer)
    {
        if (head.Words[0] != "HEAD" && answer.Status is not (204 or 304))
            await from.ReadBodyAsync(answer, true, (_, _) => new(true), stopping);
    }

    private bool Cut()
    {
        proxy.Trigger?.ActAt(request);
        return false;
    }

    private ValueTask<bool> Received(int content)
    {
        request.BytesUp += content;
        return new(true);
    }

    private async ValueTask PaceAsync(int bytes)
    {
        if (proxy.Pace is { } pace)
            await pace.TakeAsync(bytes, stopping);
    }
}
